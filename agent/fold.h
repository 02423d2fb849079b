/*
 * The fold: from the live blocks to rows of (site, birth generation).
 *
 * Threads go on while it looks, and each slot is counted as it is when it is
 * visited. What was born since the generation was closed has a row of the
 * next one: it stands where others have died since, and a heap that is always
 * full would else look empty. One that realloc moves is counted once
 * (records.h). Runs in the helper thread only.
 */
#ifndef TENURE_AGENT_FOLD_H
#define TENURE_AGENT_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "agent/format/format.h"
#include "agent/memory.h"

/* Rows in a hash table while they are gathered, sorted at the end. */
struct tenure__rows {
    struct tenure_row *row;
    size_t count, capacity; /* capacity: a power of two, or 0 */
    int error;              /* -ENOMEM: rows were lost */
};

void tenure__rows_add(struct tenure__rows *rows, uint32_t site,
                      uint32_t generation, uint64_t blocks, uint64_t bytes);
/* The row of this key, made if it is new; NULL without memory. */
struct tenure_row *tenure__rows_at(struct tenure__rows *rows, uint32_t site,
                                   uint32_t generation);
/* Moves the rows to the front, sorted by (site, generation). */
void tenure__rows_sort(struct tenure__rows *rows);
void tenure__rows_drop(struct tenure__rows *rows);

/* Being folded now; 0 = no fold is running. For tenure__track_resize. */
extern uint32_t tenure__fold_generation;
extern _Atomic(uint64_t) tenure__fold_address; /* visited up to here */

/* `folded` of a record made now for a block at `address`: a fold that has
 * passed it has counted the block, or was there before it. */
static inline uint32_t tenure__fold_passed(uint64_t address)
{
    uint64_t passed =
        __atomic_load_n((uint64_t *)&tenure__fold_address, __ATOMIC_RELAXED);
    return passed > address
               ? __atomic_load_n(&tenure__fold_generation, __ATOMIC_RELAXED)
               : 0;
}

/* What a fold gathers. */
struct tenure__folded {
    struct tenure__rows rows;   /* estimates, in a sampled run */
    struct tenure__rows spread; /* sampled: struct tenure_spread, same keys */
    struct tenure__cells cells; /* where the blocks lie */
};

/* Gathers all blocks, `generation` having been closed; those older than the
 * floor are moved to it. Rows come sorted. The caller drops all three. */
void tenure__fold(uint32_t generation, struct tenure__folded *folded);

/* The oldest generation told apart at `generation`; 0 = all are. */
uint32_t tenure__fold_floor(uint32_t generation);

#endif
