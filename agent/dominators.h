/*
 * Who dominates whom: the node that every way from the root to a node goes
 * through last.
 *
 * Nodes are numbered anew in the order of a depth-first walk, the root being
 * 0: a node's dominator has a smaller number than itself, so that sums over
 * all it dominates are one pass from the last number to the first.
 *
 * One thread; memory comes from tenure__os_map, 32 bytes a node, and 4 an
 * edge, of which 16 a node stay. Time grows as edges * log(nodes) whatever the
 * graph is, and is at most what is given.
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
    uint32_t *to;          /* overwritten */
    const uint32_t *top;   /* to these lead the root's edges */
    uint32_t top_count;
    /* What nothing leads to gets an edge from the root, in this order; what
     * is not here either is left out. */
    const uint32_t *rest;
    uint32_t rest_count;
    uint64_t until_ns; /* tenure__os_monotonic_ns */
};

struct tenure__dominators {
    uint32_t count;  /* nodes that were met, and the root */
    uint32_t *order; /* [count] the node with this number; NO_NODE: root */
    uint32_t *dom;   /* [count] number of the dominator; of the root: 0 */
    /* By tenure__dominators_list: */
    uint32_t *child; /* [count] its last number among those that it
                        dominates directly; 0 = none */
    uint32_t *next;  /* [count] the one before it in that list; 0 = none */
    uint32_t room;   /* internal */
};

/* 0, -ENOMEM, or -ETIME; on an error there is nothing to drop. */
int tenure__dominators_find(const struct tenure__graph *graph,
                            struct tenure__dominators *found);

/* A node that was left out gets the next number, below the one with that
 * number: for those to which only one other leads, which need no search. */
void tenure__dominators_hang(struct tenure__dominators *found, uint32_t node,
                             uint32_t below);

/* When all are there: fills `child` and `next`. */
void tenure__dominators_list(struct tenure__dominators *found);

void tenure__dominators_drop(struct tenure__dominators *found);

/* Memory that takes at most, in bytes. */
uint64_t tenure__dominators_bytes(uint64_t nodes, uint64_t edges);

#endif
