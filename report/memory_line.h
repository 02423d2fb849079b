/*
 * The process level: what its resident memory is made of, and which part of
 * it grows.
 *
 *   RSS = tracked + allocator overhead + mappings + main stack + files + agent
 *         + unknown
 *
 * The parts come from different books (requested bytes, the allocator's own
 * statistics, /proc), so `unknown` may be negative: memory that was obtained
 * and never touched is in a part but not in RSS.
 *
 * Pure functions on plain data; thread-safe.
 */
#ifndef TENURE_REPORT_MEMORY_LINE_H
#define TENURE_REPORT_MEMORY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One snapshot, in bytes; 0 = unknown. */
struct tenure_memory_point {
    uint64_t rss;
    uint64_t tracked;   /* live, as requested */
    uint64_t allocator; /* what it got from the system, tracked included */
    uint64_t mapped;    /* by mmap in the target */
    uint64_t stacks, files, agent;
};

enum tenure_memory_class {
    TENURE_MEMORY_FLAT,
    TENURE_MEMORY_HEAP,
    TENURE_MEMORY_FRAGMENTATION, /* live flat, the allocator holds more */
    TENURE_MEMORY_EXTERNAL,      /* neither tracked nor the allocator's */
};

const char *tenure_memory_class_name(enum tenure_memory_class class);

uint64_t tenure_memory_overhead(const struct tenure_memory_point *point);
int64_t tenure_memory_unknown(const struct tenure_memory_point *point);

/* Of the running snapshots, oldest first. Fewer than two are flat. What grew
 * in one step is no trend, and not flat either. */
enum tenure_memory_class
tenure_memory_judge(const struct tenure_memory_point *points, uint32_t count);

/* Does it go on growing, rather than having grown once? */
bool tenure_memory_rises(const struct tenure_memory_point *points,
                         uint32_t count);

/* "RSS 4.0 MiB = tracked 1.2 MiB + allocator 0.3 MiB + ...", with what is
 * not zero, into `text` (always terminated). */
void tenure_memory_text(const struct tenure_memory_point *point, char *text,
                        size_t text_bytes);

#endif
