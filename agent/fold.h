/*
 * The fold: from the live blocks to rows of (site, birth generation).
 *
 * Threads go on while it looks. A block born after the generation was closed
 * is not counted; one that dies meanwhile may or may not be; one that
 * realloc moves is counted once (records.h). Runs in the helper thread only.
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
/* Moves the rows to the front, sorted by (site, generation). */
void tenure__rows_sort(struct tenure__rows *rows);
void tenure__rows_drop(struct tenure__rows *rows);

/* Being folded now; 0 = no fold is running. For tenure__track_resize. */
extern uint32_t tenure__fold_generation;
extern _Atomic(uint64_t) tenure__fold_address; /* visited up to here */

/* Gathers all blocks born in `generation` or before; blocks older than the
 * floor are moved to it. Sorted. `cells`: where the blocks lie. */
void tenure__fold(uint32_t generation, struct tenure__rows *rows,
                  struct tenure__cells *cells);

/* The oldest generation told apart at `generation`; 0 = all are. */
uint32_t tenure__fold_floor(uint32_t generation);

#endif
