/*
 * Who dominates whom: the node that every way from the root to a node goes
 * through last.
 *
 * Nodes are numbered anew in the order of a depth-first walk, the root being
 * 0: a node's dominator has a smaller number than itself, so that sums over
 * all it dominates are one pass from the last number to the first.
 *
 * One thread; memory comes from tenure__os_map, 28 bytes a node, and 4 an
 * edge that goes back before it returns. Time grows as edges * log(nodes)
 * whatever the graph is.
 */
#ifndef TENURE_AGENT_DOMINATORS_H
#define TENURE_AGENT_DOMINATORS_H

#include <stddef.h>
#include <stdint.h>

#define TENURE__NO_NODE UINT32_MAX

/* Nodes 0 ... nodes - 1, and a root outside of them. */
struct tenure__graph {
    uint32_t nodes;
    const uint32_t *first; /* [nodes + 1]: where its edges begin in `to` */
    const uint32_t *to;
    const uint32_t *top; /* to these lead the root's edges */
    uint32_t top_count;
    /* What nothing leads to gets an edge from the root, in this order; what
     * is not here either is left out. */
    const uint32_t *rest;
    uint32_t rest_count;
};

struct tenure__dominators {
    uint32_t count;  /* nodes that were met, and the root */
    uint32_t *order; /* [count] the node with this number; NO_NODE: root */
    uint32_t *dom;   /* [count] number of the dominator; of the root: 0 */
    uint32_t *child; /* [count] its last number among those that it
                        dominates directly; 0 = none */
    uint32_t *next;  /* [count] the one before it in that list; 0 = none */
    uint32_t room;   /* internal */
};

/* 0 or -ENOMEM; then there is nothing to drop. */
int tenure__dominators_find(const struct tenure__graph *graph,
                            struct tenure__dominators *found);
void tenure__dominators_drop(struct tenure__dominators *found);

/* Memory that takes at most, in bytes. */
uint64_t tenure__dominators_bytes(uint64_t nodes, uint64_t edges);

#endif
