/*
 * The set of blocks that a mark did not reach, which the next one compares
 * with: (address, birth generation) names a block across the two.
 *
 * It outlives the walker, which fills it, so its memory is shared; a mapping
 * that costs nothing until it is filled. One thread at a time.
 */
#ifndef TENURE_AGENT_UNREACHED_H
#define TENURE_AGENT_UNREACHED_H

#include <stdbool.h>
#include <stdint.h>

/* Sorted: address / 8 : 45 | generation : 19. */
struct tenure__unreached {
    uint64_t *key; /* NULL: there was no mark */
    uint64_t count, capacity;
};

/* Room for as many as there are live blocks. 0 or -ENOMEM. */
int tenure__unreached_open(struct tenure__unreached *set, uint64_t capacity);
void tenure__unreached_close(struct tenure__unreached *set);

/* In the order of addresses. One that finds no room is left out. */
void tenure__unreached_add(struct tenure__unreached *set, uint64_t address,
                           uint32_t generation);
bool tenure__unreached_has(const struct tenure__unreached *set,
                           uint64_t address, uint32_t generation);

#endif
