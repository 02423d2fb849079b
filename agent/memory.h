/*
 * Whose memory is it: the resident size of the process, split by owner.
 *
 * The allocator is not asked (its locks are the service's, and glibc's are
 * not even taken while the service has one thread): a private anonymous
 * mapping in which tracked blocks lie is the allocator's. Helper thread only.
 */
#ifndef TENURE_AGENT_MEMORY_H
#define TENURE_AGENT_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Cells of 64 KiB of address in which the last fold saw blocks; ascending.
 * Filled by the fold's visitor through tenure__cells_add. */
struct tenure__cells {
    uint32_t *cell;
    size_t count, capacity;
};
void tenure__cells_add(struct tenure__cells *cells, uint64_t address);
void tenure__cells_drop(struct tenure__cells *cells);

struct tenure__memory {
    uint64_t rss_bytes, file_bytes, agent_bytes;
    uint64_t allocator_bytes; /* resident in mappings with blocks */
    uint64_t stack_bytes;     /* of the main thread and, where the kernel
                                 names them, of others */
    uint64_t limit_bytes;     /* cgroup, else the machine's memory */
    uint64_t threads;         /* without the helper */
};
void tenure__memory_measure(const struct tenure__cells *cells,
                            struct tenure__memory *memory);

#endif
