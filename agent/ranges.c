/*
 * Sets of address ranges, and what they leave of another range.
 */
#include "agent/ranges.h"

#include <errno.h>

int tenure__ranges_open(struct tenure__ranges *ranges, uint32_t capacity)
{
    ranges->count = 0;
    ranges->capacity = capacity;
    ranges->range = tenure__os_map(capacity * sizeof *ranges->range);
    return ranges->range != NULL ? 0 : -ENOMEM;
}

void tenure__ranges_drop(struct tenure__ranges *ranges)
{
    if (ranges->range != NULL)
        tenure__os_unmap(ranges->range,
                         ranges->capacity * sizeof *ranges->range);
    *ranges = (struct tenure__ranges){0};
}

void tenure__ranges_add(struct tenure__ranges *ranges, uint64_t start,
                        uint64_t end)
{
    if (start < end && ranges->count < ranges->capacity)
        ranges->range[ranges->count++] = (struct tenure__range){start, end};
}

void tenure__ranges_add_maps(struct tenure__ranges *ranges,
                             bool (*wanted)(const struct tenure__map *map))
{
    char buffer[8192];
    struct tenure__maps maps;
    struct tenure__map map;
    if (tenure__maps_open(&maps, buffer, sizeof buffer) != 0)
        return;
    while (tenure__maps_next(&maps, &map))
        if (wanted(&map))
            tenure__ranges_add(ranges, map.start, map.end);
    tenure__maps_close(&maps);
}

static void sift_down(struct tenure__range *range, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && range[child].start < range[child + 1].start)
            child++;
        if (range[at].start >= range[child].start)
            return;
        struct tenure__range moving = range[at];
        range[at] = range[child];
        range[child] = moving;
    }
}

void tenure__ranges_order(struct tenure__ranges *ranges)
{
    struct tenure__range *range = ranges->range;
    uint32_t count = ranges->count;
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(range, i, count);
    for (uint32_t last = count; last-- > 1;) {
        struct tenure__range moving = range[0];
        range[0] = range[last];
        range[last] = moving;
        sift_down(range, 0, last);
    }
}

void tenure__ranges_sort(struct tenure__ranges *ranges)
{
    struct tenure__range *range = ranges->range;
    uint32_t kept = 0;
    tenure__ranges_order(ranges);
    for (uint32_t i = 1; i < ranges->count; i++) {
        if (range[i].start > range[kept].end)
            range[++kept] = range[i];
        else if (range[i].end > range[kept].end)
            range[kept].end = range[i].end;
    }
    if (ranges->count > 0)
        ranges->count = kept + 1;
}

/* The first range that ends behind an address. */
static uint32_t first_behind(const struct tenure__ranges *ranges,
                             uint64_t address)
{
    uint32_t first = 0, last = ranges->count;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (ranges->range[middle].end <= address)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

void tenure__ranges_rest(const struct tenure__ranges *ranges, uint64_t start,
                         uint64_t end,
                         void (*rest)(uint64_t start, uint64_t end, void *with),
                         void *with)
{
    for (uint32_t i = first_behind(ranges, start);
         i < ranges->count && ranges->range[i].start < end; i++) {
        if (ranges->range[i].start > start)
            rest(start, ranges->range[i].start, with);
        start = ranges->range[i].end;
    }
    if (start < end)
        rest(start, end, with);
}
