/*
 * One site's population over a series of snapshots: the plain data that the
 * join (series) hands to the verdict. No ownership: all arrays belong to the
 * series and live as long as it does. Read-only after the join; thread-safe.
 *
 * Cohorts are closed populations: nothing joins a cohort after its birth
 * generation was closed, so from `first` on it only falls. What was born while
 * a snapshot was taken is alive in it, one before `first`: no age that a
 * verdict may count. Cohort 0 holds whatever was
 * born up to the first snapshot (or up to the window's edge in a long run).
 */
#ifndef TENURE_REPORT_POPULATION_H
#define TENURE_REPORT_POPULATION_H

#include <stdbool.h>
#include <stdint.h>

/* The snapshots of one run that are looked at, oldest first. */
struct tenure_timeline {
    uint32_t count;
    /* Index of the snapshot that closes cohort 0: 0 unless a long run (or
     * --warmup) moved the window's edge. Older columns are shown, not
     * judged. */
    uint32_t base;
    const uint32_t *generation; /* [count] closed by each, strictly rising */
    const double *age_s;        /* [count] since tracking began */
    const bool *at_exit;        /* [count] taken while the process stopped */
    /* [count] the process's cumulative allocations: how busy a generation
     * was. NULL = unknown, all generations count alike. */
    const uint64_t *allocated_blocks;
    const uint64_t *rss_bytes; /* [count]; NULL = unknown */
    uint64_t sample_bytes;     /* 0 = exact; else counts are estimates */
    uint64_t limit_bytes;      /* cgroup or machine; 0 = unknown */
};

struct tenure_cohort {
    uint32_t generation; /* last birth generation in it */
    /* Index of the snapshot that closes it: `count` if none does. */
    uint32_t first;
    const uint64_t *blocks; /* [count] alive in each snapshot */
    const uint64_t *bytes;  /* [count] */
};

/* What the newest cohort hangs on, in the newest major snapshot that says. */
struct tenure_held {
    double share;          /* on one container, 0..1; 0 = nobody knows */
    uint64_t words;        /* that the container has; of a global, those from
                              the first to the last in use, if not `whole` */
    uint64_t filled;       /* of them, by what leads to blocks of the site */
    uint64_t blocks;       /* of the site */
    bool older, unresized; /* than all of them, and never by realloc */
    bool whole;            /* `words` are all that it has */
};

/* How the lost blocks hang together, in the newest snapshot that has some;
 * the words are those of LOSSES in the snapshot file. */
struct tenure_hanging {
    bool known;
    uint32_t snapshot; /* index */
    /* Call of the site whose direct blocks most of them are below; the
     * site's own if any is direct. */
    uint32_t leader;
    uint64_t direct_blocks, direct_bytes;
    uint64_t indirect_blocks, indirect_bytes;
    uint64_t below_blocks, below_bytes;
    double blocks_variance, bytes_variance; /* of direct + indirect */
};

struct tenure_population {
    const struct tenure_timeline *timeline;
    const uint64_t *live_blocks; /* [count] */
    const uint64_t *live_bytes;  /* [count] */
    uint32_t cohort_count;
    const struct tenure_cohort *cohorts; /* by generation, rising */
    const uint64_t *late_blocks;         /* [count] cumulative late frees */
    const uint64_t *late_bytes;          /* [count] */
    /* [count] net bytes by realloc, since the first snapshot, on blocks
     * alive in it and in this one; and how many blocks that are. */
    const int64_t *grown_bytes;
    const uint64_t *grown_blocks;
    /* [count] blocks of which realloc made the same one larger between each
     * of the last three snapshots: the raw material of class grown. */
    const uint64_t *rising_blocks;
    const uint64_t *lost_blocks; /* [count] 0 where the snapshot is minor */
    const uint64_t *lost_bytes;  /* [count] */
    struct tenure_hanging hanging;
    /* In the last snapshot: what only interior pointers lead to. */
    uint64_t possible_blocks, possible_bytes;
    struct tenure_held held;
};

#endif
