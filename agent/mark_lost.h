/*
 * What of the unreached is lost, and what hangs on what.
 *
 * A block is lost when this mark and the one before it both did not reach
 * it; (address, birth generation) names it across the two. As the process ends
 * once is enough, since nobody is about to store a pointer any more. Where
 * threads were missing from both marks no number is: what only their
 * registers hold is never reached. Of the lost ones
 * mark_groups.h says which are direct and what is below each. Where no mark
 * came before, that is said of the unreached ones instead: nobody knows yet
 * whether there will be another, and a program that ends has lost them.
 *
 * Everything is as in the snapshot file: rows by (site, birth generation) and
 * losses by site, both sorted; only those with something to say are there. In
 * the walker, after tenure__mark_run(). Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_LOST_H
#define TENURE_AGENT_MARK_LOST_H

#include "agent/format/format.h"
#include "agent/mark.h"
#include "agent/mark_rows.h"
#include "agent/unreached.h"

struct tenure__losses {
    struct tenure__mark_rows rows;
    struct tenure_loss *loss;
    uint32_t loss_count;
    uint32_t loss_room; /* internal */
    uint64_t lost_blocks, lost_bytes;
};

enum tenure__lost_after { TENURE__TWO_MARKS, TENURE__ONE_MARK, TENURE__NEVER };

/* Fills `now` and *losses. Blocks born after `generation` are left out.
 * 0 or -ENOMEM; then *losses is empty. */
int tenure__mark_losses(struct tenure__mark *mark, uint32_t generation,
                        enum tenure__lost_after after,
                        const struct tenure__unreached *before,
                        struct tenure__unreached *now,
                        struct tenure__losses *losses);
void tenure__losses_close(struct tenure__losses *losses);

#endif
