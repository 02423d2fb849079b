/*
 * Which block points to which, as lists that fit in memory.
 *
 * Nodes are the blocks of the index under their numbers. A reached block has
 * an edge to every other block that an aligned word of it points into; one
 * to the same block as the word before is left out. Unreached blocks have
 * none. A block is joined if another than the one that the mark came from
 * points to it as well. In the walker, after the mark. Memory comes from
 * tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_GRAPH_H
#define TENURE_AGENT_MARK_GRAPH_H

#include "agent/mark.h"

struct tenure__mark_graph {
    uint32_t *first; /* [blocks + 1]: where the edges of a block begin */
    uint32_t *to;
    uint32_t edges;
    uint64_t *joined;                /* a bit for each block */
    uint64_t room_nodes, room_edges; /* internal */
};

struct tenure__mark_graph_limits {
    uint32_t edges;
    uint32_t joins; /* edges that join a block; foreseen after the first ones */
    uint64_t until_ns; /* tenure__os_monotonic_ns */
};

/* 0, -ENOMEM, -E2BIG: there are more edges or joins, or -ETIME: it is later;
 * on an error there is nothing to drop. Memory is touched as it is used. */
int tenure__mark_graph_build(const struct tenure__mark *mark,
                             const struct tenure__mark_graph_limits *limits,
                             struct tenure__mark_graph *graph);
void tenure__mark_graph_drop(struct tenure__mark_graph *graph);

#endif
