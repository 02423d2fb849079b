/* What major snapshots say of lost blocks, in a series and in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/series.h"
#include "report/verdict_rules.h"
#include "snapshot_writer.h"

enum { SNAPSHOTS = 3, SITES = 2 };

struct run {
    struct writer *at[SNAPSHOTS];
    void *image[SNAPSHOTS];
    uint32_t count;
    uint32_t site[SITES];
    struct tenure_series series;
};

/* Major snapshots with two sites of ten blocks each. */
static void begin(struct run *run, uint32_t count)
{
    static const uint64_t stack[SITES][3] = {{0x1234, 0x1500, 0},
                                             {0x1300, 0x1500, 0}};
    *run = (struct run){.count = count};
    for (uint32_t i = 0; i < count; i++) {
        struct writer *w = run->at[i] = writer_new();
        writer_generation(w, i + 1, i + 1);
        w->process.kind = TENURE_MAJOR;
        uint32_t thread = writer_thread(w, "server");
        uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
        for (uint32_t s = 0; s < SITES; s++) {
            run->site[s] = writer_stack(w, thread, exe, stack[s]);
            writer_row(w, run->site[s], 1, 10, 100);
        }
    }
}

static void join(struct run *run)
{
    struct tenure_snapshot *snapshots = calloc(run->count, sizeof *snapshots);
    assert_non_null(snapshots);
    for (uint32_t i = 0; i < run->count; i++) {
        size_t bytes;
        run->image[i] = writer_image(run->at[i], &bytes);
        assert_int_equal(
            tenure_snapshot_use(&snapshots[i], "a", run->image[i], bytes, NULL),
            0);
    }
    assert_int_equal(
        tenure_series_join(&run->series, snapshots, run->count, NULL), 0);
}

static const struct tenure_site *site_of(const struct run *run, uint32_t s)
{
    uint32_t call = tenure_calltree_find(&run->series.calls, run->site[s]);
    return &run->series.sites.at[run->series.sites.of_call[call] - 1];
}

static void done(struct run *run)
{
    tenure_series_close(&run->series);
    for (uint32_t i = 0; i < run->count; i++) {
        writer_free(run->at[i]);
        free(run->image[i]);
    }
}

static void mark(struct run *run, uint32_t at, uint32_t s, uint64_t unreached,
                 uint64_t lost)
{
    struct tenure_mark mark = {.site = run->site[s],
                               .generation = 1,
                               .unreached_blocks = unreached,
                               .unreached_bytes = unreached * 10,
                               .lost_blocks = lost,
                               .lost_bytes = lost * 10};
    writer_add(run->at[at], TENURE_SECTION_MARKS, &mark);
}

static void lose(struct run *run, uint32_t at, struct tenure_loss loss)
{
    writer_add(run->at[at], TENURE_SECTION_LOSSES, &loss);
}

/* Site 0: two direct ones, with five of site 1 below. */
static void lose_trees(struct run *run, uint32_t at)
{
    lose(run, at,
         (struct tenure_loss){.site = run->site[0],
                              .leader = run->site[0],
                              .direct_blocks = 2,
                              .direct_bytes = 20,
                              .below_blocks = 5,
                              .below_bytes = 50});
    lose(run, at,
         (struct tenure_loss){.site = run->site[1],
                              .leader = run->site[0],
                              .indirect_blocks = 5,
                              .indirect_bytes = 50});
}

static void expect_words(const struct run *run, uint32_t s, const char *words)
{
    const struct tenure_population *p = &site_of(run, s)->population;
    struct tenure_site_verdict verdict;
    struct tenure_matrix *scratch = calloc(1, sizeof *scratch);
    char text[512];
    tenure_judge_site(&p, 1, scratch, &verdict);
    tenure_verdict_text(&verdict, p, text, sizeof text);
    assert_string_equal(text, words);
    free(scratch);
}

static void a_lost_tree_is_told_at_its_root(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2);
    mark(&run, 1, 0, 2, 2);
    mark(&run, 1, 1, 5, 5);
    lose_trees(&run, 1);
    join(&run);
    expect_words(&run, 0,
                 "2 blocks definitely lost, 20 B, and 5 blocks, 50 B below "
                 "them: nothing points to them, in two major snapshots");
    expect_words(&run, 1,
                 "5 blocks indirectly lost, 50 B: only lost blocks point to "
                 "them, in two major snapshots");
    assert_int_equal(site_of(&run, 1)->population.hanging.leader,
                     site_of(&run, 0)->call);
    done(&run);
}

static void of_one_block_it_is_singular(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2);
    mark(&run, 1, 0, 1, 1);
    lose(&run, 1,
         (struct tenure_loss){.site = run.site[0],
                              .leader = run.site[0],
                              .direct_blocks = 1,
                              .direct_bytes = 10});
    join(&run);
    expect_words(&run, 0,
                 "1 block definitely lost, 10 B: nothing points to it, in two "
                 "major snapshots");
    done(&run);
}

/* What the mark of a first one did not reach may be held again. */
static void a_first_mark_loses_nothing(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2);
    mark(&run, 0, 0, 2, 0);
    mark(&run, 0, 1, 5, 0);
    lose_trees(&run, 0);
    join(&run);
    assert_false(site_of(&run, 0)->population.hanging.known);
    assert_int_equal(
        tenure_snapshot_kinds(&run.series.snapshots[0]).indirect_blocks, 0);
    assert_int_equal(
        tenure_snapshot_kinds(&run.series.snapshots[0]).unreached_blocks, 7);
    done(&run);
}

static void but_the_only_one_at_the_end_does(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 1);
    run.at[0]->process.trigger = TENURE_TRIGGER_EXIT;
    mark(&run, 0, 0, 2, 0);
    mark(&run, 0, 1, 5, 0);
    lose_trees(&run, 0);
    join(&run);
    expect_words(&run, 0,
                 "2 blocks definitely lost, 20 B, and 5 blocks, 50 B below "
                 "them: nothing points to them, at the end of the process");
    assert_int_equal(
        tenure_snapshot_kinds(&run.series.snapshots[0]).indirect_blocks, 5);
    done(&run);
}

static void one_in_the_middle_of_a_run_is_not_its_end(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 1);
    mark(&run, 0, 0, 2, 2);
    mark(&run, 0, 1, 5, 5);
    lose_trees(&run, 0);
    join(&run);
    expect_words(&run, 0,
                 "2 blocks definitely lost, 20 B, and 5 blocks, 50 B below "
                 "them: nothing points to them, in two major snapshots");
    done(&run);
}

static void the_newest_snapshot_that_lost_some_counts(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 3);
    for (uint32_t i = 0; i < 2; i++) {
        mark(&run, i, 0, 2, 2);
        mark(&run, i, 1, 5, 5);
    }
    lose_trees(&run, 1);
    lose(&run, 0,
         (struct tenure_loss){.site = run.site[0],
                              .leader = run.site[0],
                              .direct_blocks = 9,
                              .direct_bytes = 90});
    join(&run);
    assert_int_equal(site_of(&run, 0)->population.hanging.snapshot, 1);
    assert_int_equal(site_of(&run, 0)->population.hanging.direct_blocks, 2);
    done(&run);
}

static void samples_are_estimates_and_say_so(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2);
    for (uint32_t i = 0; i < 2; i++)
        run.at[i]->process.sample_bytes = 4096;
    mark(&run, 1, 0, 8, 8);
    lose(&run, 1,
         (struct tenure_loss){.site = run.site[0],
                              .leader = run.site[0],
                              .direct_blocks = 8,
                              .direct_bytes = 80,
                              .blocks_variance = 9,
                              .bytes_variance = 900});
    join(&run);
    expect_words(&run, 0,
                 "8 +- 3 blocks definitely lost, 80 B +- 30 B: nothing points "
                 "to them, in two major snapshots; estimated from samples, "
                 "which cannot tell what only lost blocks point to");
    done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_tree_is_told_at_its_root),
        cmocka_unit_test(of_one_block_it_is_singular),
        cmocka_unit_test(a_first_mark_loses_nothing),
        cmocka_unit_test(but_the_only_one_at_the_end_does),
        cmocka_unit_test(one_in_the_middle_of_a_run_is_not_its_end),
        cmocka_unit_test(the_newest_snapshot_that_lost_some_counts),
        cmocka_unit_test(samples_are_estimates_and_say_so),
    };
    return cmocka_run_group_tests_name("join_lost", tests, NULL, NULL);
}
