/*
 * The call tree: every captured stack, interned.
 *
 * A node is (parent, pc); a site is the id of its innermost node; outermost
 * is a thread class. Ids are compact, start at 1, and never change meaning;
 * a parent's id is smaller than its children's. Lock-free and append-only:
 * tenure__site_child() may be called from any thread, in hooks and signal
 * handlers. When the tree is full (TENURE_NODES_MAX) it returns 0, and the
 * caller keeps the deepest site it has and counts the loss.
 *
 * When a module is unloaded its pcs may come back with another meaning:
 * tenure__sites_retire() closes the nodes in its range, so that later stacks
 * get nodes of their own while the old ones keep naming the old module. When
 * the same object is back at the same place its nodes are in use again: there
 * is one node for each (parent, pc, object), however often it comes and goes.
 */
#ifndef TENURE_AGENT_SITES_H
#define TENURE_AGENT_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"

enum tenure__node_tag {
    TENURE__NODE_FRAME,
    TENURE__NODE_EXACT,
    TENURE__NODE_THREAD
};

int tenure__sites_open(uint64_t budget_bytes);

/* The thread class of this name (at most 15 bytes and a zero). */
uint32_t tenure__site_thread(const char *name);

/* The node below `parent` for `pc`; made if it is new. 0 = full. `exact`:
 * pc is where a signal interrupted, not a return address. */
uint32_t tenure__site_child(uint32_t parent, uint64_t pc, bool exact);

/* What a node is; for the snapshot writer and for tests. */
struct tenure__node {
    uint64_t pc;      /* of a frame; 0 for a thread */
    const char *name; /* of a thread; NULL for a frame */
    uint32_t parent;
    uint32_t gone; /* 0, or 1 + the index of its module, which went */
    enum tenure__node_tag tag;
};
bool tenure__site_get(uint32_t id, struct tenure__node *node);
uint32_t tenure__sites_count(void); /* ids are 1 ... count */
uint64_t tenure__sites_bytes(void); /* resident, an estimate from above */

/* Closes the nodes of [start, end); gone = 1 + the index of their module. */
void tenure__sites_retire(uint64_t start, uint64_t end, uint32_t gone);

#endif
