/*
 * The agent's own heap: a private jemalloc, so that the service's allocator
 * is never asked, configured, slowed or fragmented by us.
 *
 * For slow paths only (snapshots, control, modules): it takes locks of its
 * own. Callers need a thread-local block of libtenure's, which every thread
 * of the service has and the helper thread brings. Not async-signal-safe.
 * What the hot path needs comes from tenure__os_map instead.
 */
#ifndef TENURE_AGENT_HEAP_H
#define TENURE_AGENT_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, or NULL. `bytes` may be 0 (then not NULL). */
void *tenure__heap_new(size_t bytes);
/* Makes it larger, contents kept and the rest zeroed; NULL leaves `old`. */
void *tenure__heap_grow(void *old, size_t old_bytes, size_t bytes);
void tenure__heap_free(void *memory); /* NULL is fine */

/* Resident bytes of this heap, its own bookkeeping included. */
uint64_t tenure__heap_resident_bytes(void);

/* Around fork(): no lock of the heap is held across it. */
void tenure__heap_before_fork(void);
void tenure__heap_after_fork(void); /* in both processes */

#endif
