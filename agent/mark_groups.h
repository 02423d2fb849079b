/*
 * Which unreached block hangs on which.
 *
 * A group is a block, or as many as point to each other in a cycle (a list
 * with links back, a tree whose nodes know their parents, a graph): a
 * strongly connected component. A group that nothing outside of it points to
 * leads what hangs below it. One block of it is direct, in Valgrind's sense,
 * and all others are below a direct block, each below exactly one: the first
 * that leads to it.
 *
 * Which block of a group is direct, and which direct block comes first, are
 * decided by site, birth generation and address, in this order: the same in
 * each mark, since what is lost no longer changes, and the same site for all
 * groups of one make. Time and memory are linear in blocks and in their
 * words, whatever the shape.
 *
 * In the walker, after the mark. Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_GROUPS_H
#define TENURE_AGENT_MARK_GROUPS_H

#include "agent/mark_index.h"

/* One that was not reached. Those of an array are in the order of their
 * addresses, and called by their place in it. */
struct tenure__orphan {
    uint64_t bytes;
    uint32_t block;  /* in the index */
    uint32_t row;    /* the caller's */
    uint32_t leader; /* the direct block above it; itself if it is direct */
    uint32_t order;  /* internal */
};

/* Sets the leaders, and fills list[count]: a direct block, what is below it,
 * the next direct block; the sites of direct blocks rise. 0 or -ENOMEM. */
int tenure__mark_groups(const struct tenure__index *index,
                        struct tenure__orphan *orphan, uint32_t count,
                        uint32_t *list);

#endif
