/*
 * What a site retains: the bytes that would go if its blocks went.
 *
 * A block retains itself and all blocks to which every way from a root leads
 * through it: those it dominates. A site retains the sum over its blocks
 * that no other block of the site dominates, so that a list counts once
 * (the rule of Chrome's heap profiler). Lost blocks hang on nothing and are
 * left out; what they lead to is in the MARKS.
 *
 * Why dominators, and not a mark for each site that asks what stays white
 * without it: that is exact for the site as a whole, but costs a mark each,
 * and sites that grow are many. The tree costs about three marks for all
 * sites together. The snapshot of a large heap should be there in seconds:
 * beyond the limits, time being one, nothing is known, and that is counted.
 *
 * In the walker, after the mark and before tenure__mark_losses(). Memory
 * comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_RETAINED_H
#define TENURE_AGENT_RETAINED_H

#include "agent/limits.h"
#include "agent/format/format.h"
#include "agent/mark.h"
#include "agent/roots.h"

struct tenure__retained {
    const struct tenure__mark *mark;
    uint64_t *held;  /* a bit for each block: by a root */
    uint64_t *hangs; /* a bit for each block; internal */
    uint64_t held_words;
    uint64_t until_ns; /* tenure__os_monotonic_ns; then it is given up */
    struct tenure_retained *row; /* out: by site */
    uint32_t row_count;
};

/* Before the roots are read. 0; -ENOMEM; or -E2BIG: beyond the limits. */
int tenure__retained_open(struct tenure__retained *retained,
                          const struct tenure__mark *mark, uint64_t headroom);

/* A tenure__root_visit for every root, with a struct tenure__retained. */
void tenure__retained_root(const struct tenure__root *root,
                           const uint64_t *word, size_t count, uint64_t address,
                           void *with);

/* Fills `row`, for up to `room` rows. Blocks born after `generation` weigh
 * nothing; site numbers are below `sites`. 0, -ENOMEM, -E2BIG, or -ETIME: it
 * would take longer. */
int tenure__retained_find(struct tenure__retained *retained,
                          uint32_t generation, uint32_t sites,
                          struct tenure_retained *row, uint32_t room);

void tenure__retained_close(struct tenure__retained *retained);

#endif
