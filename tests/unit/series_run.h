/*
 * Snapshots of one run, written and joined; for the tests of the join, after
 * cmocka.h. joined() holds every site against the identities.
 */
#ifndef TENURE_TESTS_SERIES_RUN_H
#define TENURE_TESTS_SERIES_RUN_H

#include <stdlib.h>

#include "report/series.h"
#include "snapshot_writer.h"

enum { SNAPSHOTS_MAX = 100 };

/* A run of one thread "server" with two sites in one program. */
struct run {
    struct writer *at[SNAPSHOTS_MAX];
    void *image[SNAPSHOTS_MAX];
    uint32_t count;
};
enum { SITE_A = 3, SITE_B = 4 };

static inline struct writer *snapshot(struct run *run, uint32_t generation)
{
    static const uint64_t stack_a[] = {0x1100, 0x1f00, 0};
    static const uint64_t stack_b[] = {0x1200, 0x1f00, 0};
    struct writer *w = writer_new();
    writer_generation(w, generation, generation * 10.0);
    uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
    uint32_t thread = writer_thread(w, "server");
    assert_int_equal(writer_stack(w, thread, exe, stack_a), SITE_A);
    assert_int_equal(writer_stack(w, thread, exe, stack_b), SITE_B);
    run->at[run->count++] = w;
    return w;
}

static inline int join(struct run *run, struct tenure_series *series,
                       struct tenure_why *why)
{
    struct tenure_snapshot *snapshots = calloc(run->count, sizeof *snapshots);
    assert_non_null(snapshots);
    for (uint32_t i = 0; i < run->count; i++) {
        size_t bytes;
        run->image[i] = writer_image(run->at[i], &bytes);
        assert_int_equal(tenure_snapshot_use(&snapshots[i], "a.tenure",
                                             run->image[i], bytes, why),
                         0);
    }
    return tenure_series_join(series, snapshots, run->count, why);
}

static inline void check_identities(const struct tenure_series *series)
{
    for (size_t i = 0; i < series->sites.count; i++) {
        const struct tenure_site *site = &series->sites.at[i];
        const struct tenure_columns *c = &site->columns;
        const struct tenure_population *p = &site->population;
        uint32_t n = series->timeline.count;
        assert_true(c->delta == (int64_t)(c->new_blocks - c->deleted_blocks));
        assert_true((int64_t)(c->alloc_bytes - c->freed_bytes) +
                        c->grown_bytes ==
                    c->size_delta);
        assert_true(c->delta ==
                    (int64_t)(p->live_blocks[n - 1] - p->live_blocks[0]));
        assert_true(c->size_delta ==
                    (int64_t)(p->live_bytes[n - 1] - p->live_bytes[0]));
        for (uint32_t t = 0; t < n; t++) {
            uint64_t blocks = 0, bytes = 0;
            for (uint32_t k = 0; k < p->cohort_count; k++) {
                blocks += p->cohorts[k].blocks[t];
                bytes += p->cohorts[k].bytes[t];
            }
            assert_true(blocks == p->live_blocks[t]);
            assert_true(bytes == p->live_bytes[t]);
        }
    }
}

static inline void joined(struct run *run, struct tenure_series *series)
{
    struct tenure_why why = {""};
    if (join(run, series, &why) < 0)
        fail_msg("%s", why.text);
    check_identities(series);
}

static inline void done(struct run *run, struct tenure_series *series)
{
    tenure_series_close(series);
    for (uint32_t i = 0; i < run->count; i++) {
        writer_free(run->at[i]);
        free(run->image[i]);
    }
}

static inline const struct tenure_site *
site_of(const struct tenure_series *series, uint32_t node)
{
    uint32_t call = tenure_calltree_find(&series->calls, node);
    uint32_t at = series->sites.of_call[call];
    assert_true(at > 0);
    return &series->sites.at[at - 1];
}

#endif
