/*
 * Joining snapshots: given what the first and the last hold, when they are
 * joined, then the columns and populations are ... In every test, for every
 * site: delta = new - deleted, alloc - freed + grown = size_delta.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "series_run.h"

static void given_1000_leaked_blocks_then_they_are_new(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 50, 5000);
    writer_row(snapshot(&run, 2), SITE_A, 1, 50, 5000);
    writer_row(run.at[1], SITE_A, 2, 1000, 100000);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->new_blocks, 1000);
    assert_int_equal(c->deleted_blocks, 0);
    assert_int_equal(c->delta, 1000);
    assert_int_equal(c->alloc_bytes, 100000);
    assert_int_equal(c->size_delta, 100000);
    assert_int_equal(series.sites.totals.delta, 1000);
    done(&run, &series);
}

static void given_400_freed_blocks_then_they_are_deleted(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 1000, 100000);
    writer_row(snapshot(&run, 2), SITE_A, 1, 600, 60000);
    writer_row(run.at[1], SITE_A, 2, 7, 70);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->new_blocks, 7);
    assert_int_equal(c->deleted_blocks, 400);
    assert_int_equal(c->freed_bytes, 40000);
    assert_int_equal(c->alloc_bytes, 70);
    assert_int_equal(c->size_delta, 70 - 40000);
    done(&run, &series);
}

static void
given_blocks_replaced_one_for_one_then_both_columns_say_so(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 3), SITE_A, 3, 10, 100);
    writer_row(snapshot(&run, 4), SITE_A, 4, 10, 100);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->new_blocks, 10);
    assert_int_equal(c->deleted_blocks, 10);
    assert_int_equal(c->delta, 0);
    assert_int_equal(c->size_delta, 0);
    done(&run, &series);
}

static void
given_a_grown_buffer_then_it_is_neither_new_nor_deleted(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 2, 200);
    writer_row(snapshot(&run, 2), SITE_A, 1, 1, 900);
    writer_growth(run.at[1], 77, SITE_A, 1, 100, 900, SITE_B);
    joined(&run, &series);
    const struct tenure_site *site = site_of(&series, SITE_A);
    assert_int_equal(site->columns.new_blocks, 0);
    assert_int_equal(site->columns.deleted_blocks, 1);
    assert_int_equal(site->columns.grown_bytes, 800);
    assert_int_equal(site->columns.freed_bytes, 100);
    assert_int_equal(site->columns.size_delta, 700);
    assert_int_equal(site->population.grown_blocks[1], 1);
    assert_int_equal(site->grown_by,
                     tenure_calltree_find(&series.calls, SITE_B));
    done(&run, &series);
}

static void
given_growth_before_the_first_then_only_the_rest_counts(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 1, 500);
    writer_growth(run.at[0], 77, SITE_A, 1, 100, 500, SITE_B);
    writer_row(snapshot(&run, 2), SITE_A, 1, 1, 450);
    writer_growth(run.at[1], 77, SITE_A, 1, 100, 450, SITE_B);
    joined(&run, &series);
    assert_int_equal(site_of(&series, SITE_A)->columns.grown_bytes, -50);
    assert_int_equal(site_of(&series, SITE_A)->columns.freed_bytes, 0);
    done(&run, &series);
}

static void given_a_new_block_that_grew_then_its_size_is_allocated(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    snapshot(&run, 1);
    writer_row(snapshot(&run, 2), SITE_A, 2, 1, 640);
    writer_growth(run.at[1], 5, SITE_A, 2, 64, 640, SITE_B);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->alloc_bytes, 640);
    assert_int_equal(c->grown_bytes, 0);
    done(&run, &series);
}

static void a_block_that_rises_in_three_snapshots_is_counted(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    static const uint64_t sizes[4] = {100, 200, 300, 300};
    for (uint32_t g = 1; g <= 4; g++) {
        writer_row(snapshot(&run, g), SITE_A, 1, 1, sizes[g - 1]);
        if (g > 1)
            writer_growth(run.at[g - 1], 9, SITE_A, 1, 100, sizes[g - 1],
                          SITE_B);
    }
    joined(&run, &series);
    const struct tenure_population *p = &site_of(&series, SITE_A)->population;
    assert_int_equal(p->rising_blocks[1], 0);
    assert_int_equal(p->rising_blocks[2], 1);
    assert_int_equal(p->rising_blocks[3], 0);
    assert_int_equal(p->grown_bytes[3], 200);
    done(&run, &series);
}

static void cohorts_follow_the_snapshots_that_are_given(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    /* Generations 2 and 3 lie between the two snapshots: one cohort. */
    writer_row(snapshot(&run, 1), SITE_A, 1, 10, 10);
    writer_row(snapshot(&run, 3), SITE_A, 1, 8, 8);
    writer_row(run.at[1], SITE_A, 2, 5, 5);
    writer_row(run.at[1], SITE_A, 3, 6, 6);
    joined(&run, &series);
    const struct tenure_population *p = &site_of(&series, SITE_A)->population;
    assert_int_equal(p->cohort_count, 2);
    assert_int_equal(p->cohorts[0].generation, 1);
    assert_int_equal(p->cohorts[0].first, 0);
    assert_int_equal(p->cohorts[0].blocks[1], 8);
    assert_int_equal(p->cohorts[1].generation, 3);
    assert_int_equal(p->cohorts[1].first, 1);
    assert_int_equal(p->cohorts[1].blocks[1], 11);
    done(&run, &series);
}

static void a_long_run_merges_its_oldest_cohorts(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    for (uint32_t g = 1; g <= SNAPSHOTS_MAX; g++) {
        struct writer *w = snapshot(&run, g);
        for (uint32_t birth = 1; birth <= g; birth++)
            writer_row(w, SITE_A, birth, 1, 10);
    }
    joined(&run, &series);
    const struct tenure_population *p = &site_of(&series, SITE_A)->population;
    uint32_t edge = SNAPSHOTS_MAX - TENURE_COHORTS_MAX;
    assert_int_equal(p->cohort_count, TENURE_COHORTS_MAX);
    assert_int_equal(p->cohorts[0].first, edge);
    assert_int_equal(p->cohorts[0].blocks[SNAPSHOTS_MAX - 1], edge + 1);
    assert_int_equal(site_of(&series, SITE_A)->columns.new_blocks,
                     SNAPSHOTS_MAX - 1);
    done(&run, &series);
}

static void generations_merged_by_the_agent_keep_the_identities(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 10, 100);
    snapshot(&run, 9)->process.floor_generation = 5;
    writer_row(run.at[1], SITE_A, 5, 14, 140);
    writer_row(run.at[1], SITE_A, 9, 1, 10);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->new_blocks, 5);
    assert_int_equal(c->deleted_blocks, 0);
    assert_int_equal(c->alloc_bytes, 50);
    done(&run, &series);
}

static void ages_are_counted_in_generation_ends(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    struct writer *w = snapshot(&run, 7);
    for (uint32_t g = 1; g <= 7; g++)
        writer_row(w, SITE_A, g, g, g * 10);
    joined(&run, &series);
    const struct tenure_site *site = site_of(&series, SITE_A);
    assert_int_equal(site->age_blocks[TENURE_NURSERY], 7);
    assert_int_equal(site->age_blocks[TENURE_INTERMEDIATE], 6);
    assert_int_equal(site->age_blocks[TENURE_TENURED], 1 + 2 + 3 + 4 + 5);
    done(&run, &series);
}

static void late_frees_and_marks_reach_the_population(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 1, 10, 100);
    writer_row(snapshot(&run, 2), SITE_A, 1, 10, 100);
    writer_late(run.at[1], SITE_A, 4, 40);
    struct tenure_mark mark = {
        .site = SITE_A, .generation = 1, .lost_blocks = 3, .lost_bytes = 30};
    writer_add(run.at[1], TENURE_SECTION_MARKS, &mark);
    joined(&run, &series);
    const struct tenure_population *p = &site_of(&series, SITE_A)->population;
    assert_int_equal(p->late_blocks[0], 0);
    assert_int_equal(p->late_blocks[1], 4);
    assert_int_equal(p->lost_bytes[1], 30);
    assert_int_equal(p->grown_bytes[1], 0);
    done(&run, &series);
}

static void add_spread(struct writer *w, uint32_t site, uint32_t generation,
                       double blocks_variance, double bytes_variance)
{
    struct tenure_spread one = {site, generation, blocks_variance,
                                bytes_variance};
    writer_add(w, TENURE_SECTION_SPREAD, &one);
}

static void errors_of_estimates_cancel_where_blocks_live_on(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    snapshot(&run, 1)->process.sample_bytes = 4096;
    writer_row(run.at[0], SITE_A, 1, 100, 1000);
    add_spread(run.at[0], SITE_A, 1, 50, 5000);
    snapshot(&run, 2)->process.sample_bytes = 4096;
    writer_row(run.at[1], SITE_A, 1, 60, 600);
    writer_row(run.at[1], SITE_A, 2, 20, 200);
    add_spread(run.at[1], SITE_A, 1, 30, 3000);
    add_spread(run.at[1], SITE_A, 2, 10, 1000);
    joined(&run, &series);
    const struct tenure_variances *v = &site_of(&series, SITE_A)->variances;
    assert_true(v->live_blocks == 40 && v->live_bytes == 4000);
    assert_true(v->delta == 50 - 30 + 10);
    assert_true(v->size_delta == 5000 - 3000 + 1000);
    assert_true(series.sites.total_variances.delta == 30);
    done(&run, &series);
}

static void numbered_threads_and_moved_modules_are_one_site(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    struct writer *w = snapshot(&run, 1);
    static const uint64_t low[] = {0x20100, 0}, high[] = {0x50100, 0};
    uint32_t one = writer_module(w, "/lib/plugin.so", "ef", 0x20000, 0x30000);
    uint32_t two = writer_module(w, "/lib/plugin.so", "ef", 0x50000, 0x60000);
    uint32_t here = writer_stack(w, writer_thread(w, "worker-1"), one, low);
    uint32_t there = writer_stack(w, writer_thread(w, "worker-12"), two, high);
    writer_row(w, here, 1, 1, 10);
    writer_row(w, there, 1, 2, 20);
    joined(&run, &series);
    const struct tenure_site *site = site_of(&series, here);
    assert_ptr_equal(site, site_of(&series, there));
    assert_int_equal(site->population.live_blocks[0], 3);
    char text[32];
    const struct tenure_call *thread =
        tenure_calltree_thread(&series.calls, site->call);
    assert_string_equal(tenure_call_thread_name(thread, text, sizeof text),
                        "worker-*");
    done(&run, &series);
}

static void refused(struct run *run, const char *reason)
{
    struct tenure_series series;
    struct tenure_why why = {""};
    assert_int_equal(join(run, &series, &why), -1);
    if (!strstr(why.text, reason))
        fail_msg("'%s' does not say '%s'", why.text, reason);
    done(run, &series);
}

static void other_processes_builds_and_repetitions_are_refused(void **state)
{
    (void)state;
    struct run processes = {0};
    snapshot(&processes, 1);
    writer_run(snapshot(&processes, 2), 2, 4343, "/bin/other");
    refused(&processes, "is of server (PID 4242, started 20");

    struct run builds = {0};
    snapshot(&builds, 1);
    struct writer *w = writer_new();
    builds.at[builds.count++] = w;
    writer_run(w, 2, 4343, "/bin/server");
    writer_module(w, "/bin/server", "1234", 0x1000, 0x9000);
    refused(&builds, "two builds of /bin/server (build-id abcd and 1234)");

    struct run same = {0};
    snapshot(&same, 1);
    snapshot(&same, 1);
    refused(&same, "are the same snapshot");
}

static void snapshots_are_put_in_order(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 2), SITE_A, 2, 5, 50);
    snapshot(&run, 1);
    joined(&run, &series);
    assert_int_equal(series.timeline.generation[0], 1);
    assert_int_equal(site_of(&series, SITE_A)->columns.new_blocks, 5);
    done(&run, &series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_1000_leaked_blocks_then_they_are_new),
        cmocka_unit_test(given_400_freed_blocks_then_they_are_deleted),
        cmocka_unit_test(
            given_blocks_replaced_one_for_one_then_both_columns_say_so),
        cmocka_unit_test(
            given_a_grown_buffer_then_it_is_neither_new_nor_deleted),
        cmocka_unit_test(
            given_growth_before_the_first_then_only_the_rest_counts),
        cmocka_unit_test(
            given_a_new_block_that_grew_then_its_size_is_allocated),
        cmocka_unit_test(a_block_that_rises_in_three_snapshots_is_counted),
        cmocka_unit_test(cohorts_follow_the_snapshots_that_are_given),
        cmocka_unit_test(a_long_run_merges_its_oldest_cohorts),
        cmocka_unit_test(generations_merged_by_the_agent_keep_the_identities),
        cmocka_unit_test(ages_are_counted_in_generation_ends),
        cmocka_unit_test(late_frees_and_marks_reach_the_population),
        cmocka_unit_test(errors_of_estimates_cancel_where_blocks_live_on),
        cmocka_unit_test(numbered_threads_and_moved_modules_are_one_site),
        cmocka_unit_test(other_processes_builds_and_repetitions_are_refused),
        cmocka_unit_test(snapshots_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
