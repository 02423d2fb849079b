/*
 * Snapshots of one run, joined: every site with its columns between the
 * first and the last snapshot and its population over all of them.
 *
 * Two-snapshot columns (A = first, C = last; Chrome's, plus Grown):
 *   new          blocks of C that were not in A
 *   deleted      blocks of A that are not in C
 *   delta        new - deleted
 *   alloc_bytes  size of the new ones, as of C
 *   freed_bytes  size of the deleted ones, as of A
 *   grown_bytes  what realloc added to blocks that are in both
 *   size_delta   bytes in C - bytes in A
 * Always: alloc_bytes - freed_bytes + grown_bytes = size_delta.
 *
 * Everything belongs to the series. Read-only after tenure_series_open().
 */
#ifndef TENURE_REPORT_SERIES_H
#define TENURE_REPORT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "report/calltree.h"
#include "report/memory.h"
#include "report/population.h"
#include "report/snapshot.h"

/* Cohorts kept apart per site; older ones are merged into the oldest. */
#define TENURE_COHORTS_MAX 64

struct tenure_columns {
    uint64_t new_blocks, deleted_blocks;
    int64_t delta;
    uint64_t alloc_bytes, freed_bytes;
    int64_t size_delta, grown_bytes;
};

/* How far the estimates of a sampled run may be off: variances, which add up
 * over sites; the standard error is the root. All 0 where every block is
 * counted. The blocks of C that were in A are the same samples in both, so
 * only the others make the deltas uncertain. */
struct tenure_variances {
    double live_blocks, live_bytes; /* in the last snapshot */
    double delta, size_delta;
};

/* a + b; impossible numbers in a file wrap around and do no other harm. */
static inline int64_t tenure_sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Survived 0, 1, and 2 or more generation ends. */
enum tenure_age {
    TENURE_NURSERY,
    TENURE_INTERMEDIATE,
    TENURE_TENURED,
    TENURE_AGES
};

struct tenure_site {
    uint32_t call; /* innermost, in series->calls */
    struct tenure_columns columns;
    struct tenure_variances variances;
    struct tenure_population population;
    /* In the last snapshot, by enum tenure_age. */
    uint64_t age_blocks[TENURE_AGES], age_bytes[TENURE_AGES];
    /* What would go with its blocks, in snapshot `retained_of`. */
    uint64_t retained_bytes;
    /* The stack of realloc that made the blocks of the last snapshot grow
     * most, or TENURE_NONE. */
    uint32_t grown_by;
};

struct tenure_site_list {
    struct tenure_site *at;
    size_t count, room;
    struct tenure_columns totals;
    struct tenure_variances total_variances;
    uint32_t *of_call; /* call -> index + 1; 0 = none */
};

struct tenure_series {
    struct tenure_snapshot *snapshots; /* by seq, [timeline.count] */
    struct tenure_timeline timeline;
    struct tenure_calltree calls;
    struct tenure_site_list sites;    /* blocks, by allocation stack */
    struct tenure_site_list mappings; /* the target's own mmap()s */
    /* The snapshot that knows what sites retain, the newest that does, or
     * TENURE_NONE. */
    uint32_t retained_of;
    struct tenure_arena arena;
};

/* Opens and joins one or more snapshots, given in any order; the series must
 * not be moved afterwards (populations point at its timeline). 0, or -1 with
 * the reason in `why`: unreadable, of different processes, of different
 * builds, or the same one twice. */
int tenure_series_open(struct tenure_series *series, char *const *paths,
                       uint32_t count, struct tenure_why *why);
void tenure_series_close(struct tenure_series *series);

void tenure_variances_add(struct tenure_variances *to,
                          const struct tenure_variances *more);

/* Joins snapshots that are open already (used in unit tests): the series
 * takes them over, also on failure. `snapshots` comes from calloc(). */
int tenure_series_join(struct tenure_series *series,
                       struct tenure_snapshot *snapshots, uint32_t count,
                       struct tenure_why *why);

/* "redis-server (PID 12, started 2026-01-31 10:00:00)"; returns `text`. */
const char *tenure_process_name(const struct tenure_snapshot *snapshot,
                                char *text, size_t bytes);

#endif
