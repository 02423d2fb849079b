/*
 * A set of address ranges in the making: added in any order, then sorted.
 * Memory comes from tenure__os_map. What does not fit is left out.
 */
#ifndef TENURE_AGENT_RANGES_H
#define TENURE_AGENT_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/os.h"
#include "agent/procfs.h"

struct tenure__ranges {
    struct tenure__range *range;
    uint32_t count, capacity;
};

int tenure__ranges_open(struct tenure__ranges *ranges, uint32_t capacity);
void tenure__ranges_drop(struct tenure__ranges *ranges);
void tenure__ranges_add(struct tenure__ranges *ranges, uint64_t start,
                        uint64_t end);

/* Adds the mappings of this process that are wanted; what was read of them, if
 * /proc/self/maps cannot be. For the helper and the walker. */
void tenure__ranges_add_maps(struct tenure__ranges *ranges,
                             bool (*wanted)(const struct tenure__map *map));

/* By start. */
void tenure__ranges_order(struct tenure__ranges *ranges);

/* By address, overlapping ones joined. */
void tenure__ranges_sort(struct tenure__ranges *ranges);

/* Of a sorted set: calls rest for each part of [start, end) that is in none
 * of the ranges. */
void tenure__ranges_rest(const struct tenure__ranges *ranges, uint64_t start,
                         uint64_t end,
                         void (*rest)(uint64_t start, uint64_t end, void *with),
                         void *with);

#endif
