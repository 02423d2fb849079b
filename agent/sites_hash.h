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
    _Atomic uint64_t place; /* parent's id, gone << 32 (sites.h) */
    _Atomic uint32_t child; /* the newest in its list, 0 = none */
    uint32_t sibling;       /* the next older in its list; in the hash: the
                               next older of this parent and key */
};

#define TENURE_SITE_ID_BITS 24

int tenure__sites_hash_open(struct tenure__site_node *nodes);

/* The newest node of this parent and key, closed or not, or 0; the older ones
 * follow by `sibling`, one for each object that was mapped at the pc. */
uint32_t tenure__sites_hash_find(uint64_t key, uint32_t parent);

/* Puts node `id`, already written, where it will be found, before the closed
 * ones of its parent and key; or returns the id of the open one that another
 * thread has put there. Sets its `sibling`. */
uint32_t tenure__sites_hash_add(uint64_t key, uint32_t parent, uint32_t id);

uint64_t tenure__sites_hash_bytes(void);

#endif
