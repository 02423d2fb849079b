/*
 * What of the unreached is lost, and what hangs on what.
 *
 * A block is lost when this mark and the one before it both did not reach
 * it; (address, birth generation) names it across the two. Lost blocks that
 * other lost blocks lead to are indirect: of every group that only leads to
 * itself (a lone block, or a cycle) exactly one block is direct, the first
 * by address, and what it leads to counts as being below it.
 *
 * Rows are those of the snapshot file, by (site, birth generation), sorted;
 * only rows with something to say are there. In the walker, after
 * tenure__mark_run(). Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_LOST_H
#define TENURE_AGENT_MARK_LOST_H

#include "agent/format/format.h"
#include "agent/mark.h"

/* A set of unreached blocks, sorted: address / 8 : 45 | generation : 19.
 * It outlives the walker, so its memory is shared; a mapping that costs
 * nothing until it is filled. */
struct tenure__unreached {
    uint64_t *key;
    uint64_t count, capacity;
};

/* Room for as many as there are live blocks. 0 or -ENOMEM. */
int tenure__unreached_open(struct tenure__unreached *set, uint64_t capacity);
void tenure__unreached_close(struct tenure__unreached *set);

struct tenure__losses {
    struct tenure_mark *row;
    uint32_t row_count;
    uint32_t row_capacity; /* of the table; internal */
    uint64_t lost_blocks, lost_bytes;
};

/* Fills `now` and *losses. Blocks born after `generation` are left out.
 * 0 or -ENOMEM; then *losses is empty. */
int tenure__mark_losses(struct tenure__mark *mark, uint32_t generation,
                        const struct tenure__unreached *before,
                        struct tenure__unreached *now,
                        struct tenure__losses *losses);
void tenure__losses_close(struct tenure__losses *losses);

#endif
