/*
 * The part of the call tree that a snapshot needs: modules, and the nodes
 * from each site in it out to its thread. Helper thread only.
 */
#ifndef TENURE_AGENT_TREE_H
#define TENURE_AGENT_TREE_H

#include <stdint.h>

#include "agent/major.h"
#include "agent/output.h"

struct tenure__tree {
    uint64_t *wanted; /* a bit for each node id */
    uint32_t limit;   /* ids are below this */
};

int tenure__tree_start(struct tenure__tree *tree);
/* Wants a site and all nodes around it. */
void tenure__tree_want(struct tenure__tree *tree, uint32_t site);
/* All that stand in what a mark found. */
void tenure__tree_want_major(struct tenure__tree *tree,
                             const struct tenure__major *major);
/* Adds the sections MODULES and NODES; number of nodes. */
uint64_t tenure__tree_write(struct tenure__tree *tree,
                            struct tenure__output *output);
void tenure__tree_drop(struct tenure__tree *tree);

#endif
