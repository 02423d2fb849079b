/*
 * The nodes of the call tree in memory, and a hash over (parent, key) for
 * those of them that are not in their parent's list. Internal to sites.c.
 * Lock-free, append-only, async-signal-safe.
 */
#ifndef TENURE_AGENT_SITES_HASH_H
#define TENURE_AGENT_SITES_HASH_H

#include <stdatomic.h>
#include <stdint.h>

struct tenure__site_node {
    _Atomic uint64_t key;   /* pc in the low 56 bits, tag in the high 8 */
    _Atomic uint64_t place; /* parent's id, unload epoch << 32 */
    _Atomic uint32_t child; /* the newest in its list, 0 = none */
    uint32_t sibling;       /* the next older in the list it is in */
};

#define TENURE_SITE_ID_BITS 24

int tenure__sites_hash_open(const struct tenure__site_node *nodes);

/* The node's id, or 0. */
uint32_t tenure__sites_hash_find(uint64_t key, uint32_t parent);

/* Puts node `id`, already written, where it will be found; or returns the id
 * of the same node that another thread has put there. */
uint32_t tenure__sites_hash_add(uint64_t key, uint32_t parent, uint32_t id);

uint64_t tenure__sites_hash_bytes(void);

#endif
