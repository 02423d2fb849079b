/* What major snapshots say of who holds what, in a series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/series.h"
#include "snapshot_writer.h"

enum { SNAPSHOTS = 4 };

struct run {
    struct writer *at[SNAPSHOTS];
    void *image[SNAPSHOTS];
    uint32_t site;
    struct tenure_series series;
};

/* Major snapshots with a site of ten blocks. */
static void begin(struct run *run)
{
    static const uint64_t stack[] = {0x1234, 0x1500, 0};
    for (uint32_t i = 0; i < SNAPSHOTS; i++) {
        struct writer *w = run->at[i] = writer_new();
        writer_generation(w, i + 1, i + 1);
        w->process.kind = TENURE_MAJOR;
        uint32_t thread = writer_thread(w, "server");
        uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
        run->site = writer_stack(w, thread, exe, stack);
        writer_row(w, run->site, 1, 10, 100);
    }
}

static void retain(struct run *run, uint32_t at, uint64_t bytes)
{
    struct tenure_retained retained = {.site = run->site, .bytes = bytes};
    writer_add(run->at[at], TENURE_SECTION_RETAINED, &retained);
}

static const struct tenure_site *join(struct run *run)
{
    struct tenure_snapshot *snapshots = calloc(SNAPSHOTS, sizeof *snapshots);
    assert_non_null(snapshots);
    for (uint32_t i = 0; i < SNAPSHOTS; i++) {
        size_t bytes;
        run->image[i] = writer_image(run->at[i], &bytes);
        assert_int_equal(
            tenure_snapshot_use(&snapshots[i], "a", run->image[i], bytes, NULL),
            0);
    }
    assert_int_equal(
        tenure_series_join(&run->series, snapshots, SNAPSHOTS, NULL), 0);
    uint32_t call = tenure_calltree_find(&run->series.calls, run->site);
    return &run->series.sites.at[run->series.sites.of_call[call] - 1];
}

static void done(struct run *run)
{
    tenure_series_close(&run->series);
    for (uint32_t i = 0; i < SNAPSHOTS; i++) {
        writer_free(run->at[i]);
        free(run->image[i]);
    }
}

static void what_a_site_retains_is_of_the_newest_mark(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    retain(&run, 0, 1000);
    retain(&run, 2, 3000);
    struct tenure_mark lost = {
        .site = run.site, .generation = 1, .retained_bytes = 70};
    writer_add(run.at[2], TENURE_SECTION_MARKS, &lost);
    assert_int_equal(join(&run)->retained_bytes, 3070);
    assert_int_equal(run.series.retained_of, 2);
    done(&run);
}

static void blocks_that_are_not_lost_yet_count_as_well(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    retain(&run, 3, 500);
    struct tenure_mark lost = {.site = run.site,
                               .generation = 1,
                               .unreached_blocks = 5,
                               .unreached_bytes = 50,
                               .lost_blocks = 2,
                               .lost_bytes = 20,
                               .retained_bytes = 70};
    writer_add(run.at[3], TENURE_SECTION_MARKS, &lost);
    assert_int_equal(join(&run)->retained_bytes, 500 + 70 + 30);
    done(&run);
}

/* What its mark says of trees is about all that is unreached. */
static void in_a_first_mark_they_are_counted_once(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    retain(&run, 3, 500);
    struct tenure_mark lost = {.site = run.site,
                               .generation = 1,
                               .unreached_blocks = 5,
                               .unreached_bytes = 50,
                               .retained_bytes = 70};
    struct tenure_loss loss = {.site = run.site,
                               .leader = run.site,
                               .direct_blocks = 5,
                               .direct_bytes = 50,
                               .below_blocks = 1,
                               .below_bytes = 20};
    writer_add(run.at[3], TENURE_SECTION_MARKS, &lost);
    writer_add(run.at[3], TENURE_SECTION_LOSSES, &loss);
    assert_int_equal(join(&run)->retained_bytes, 500 + 70);
    done(&run);
}

static void a_site_retains_itself_at_least(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    retain(&run, 3, 40);
    assert_int_equal(join(&run)->retained_bytes, 100);
    done(&run);
}

static void sums_of_impossible_numbers_end_at_the_largest(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    retain(&run, 3, UINT64_MAX - 5);
    struct tenure_mark lost = {
        .site = run.site, .generation = 1, .retained_bytes = 70};
    writer_add(run.at[3], TENURE_SECTION_MARKS, &lost);
    assert_true(join(&run)->retained_bytes == UINT64_MAX);
    done(&run);
}

static void without_a_mark_nobody_knows_what_is_retained(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    assert_int_equal(join(&run)->retained_bytes, 0);
    assert_int_equal(run.series.retained_of, TENURE_NONE);
    done(&run);
}

static void container(struct run *run, uint32_t at,
                      struct tenure_container container)
{
    container.site = run->site;
    container.what = run->site;
    container.module = TENURE_NONE;
    writer_add(run->at[at], TENURE_SECTION_CONTAINERS, &container);
}

static void a_container_is_of_the_newest_mark_before_the_exit(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_container of = {.kind = TENURE_RETAINER_BLOCK,
                                  .generation = 1,
                                  .share = 9500,
                                  .words = 64,
                                  .filled = 10,
                                  .blocks = 10};
    begin(&run);
    container(&run, 0, of);
    of.share = 10000;
    container(&run, 2, of);
    of.share = 200;
    run.at[3]->process.trigger = TENURE_TRIGGER_EXIT;
    container(&run, 3, of);
    const struct tenure_held *held = &join(&run)->population.held;
    assert_true(held->share == 1.0);
    assert_int_equal(held->words, 64);
    assert_int_equal(held->filled, 10);
    assert_int_equal(held->blocks, 10);
    assert_true(held->older && held->unresized && held->whole);
    done(&run);
}

static void a_container_younger_than_a_block_is_not_older(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    container(&run, 3,
              (struct tenure_container){.kind = TENURE_RETAINER_BLOCK,
                                        .flags = TENURE_CONTAINER_RESIZED,
                                        .generation = 2,
                                        .share = 10000,
                                        .blocks = 10});
    const struct tenure_held *held = &join(&run)->population.held;
    assert_false(held->older);
    assert_false(held->unresized);
    done(&run);
}

static void blocks_that_no_mark_saw_hang_on_no_container(void **state)
{
    (void)state;
    struct run run = {0};
    begin(&run);
    container(&run, 3,
              (struct tenure_container){
                  .kind = TENURE_RETAINER_GLOBAL, .share = 10000, .blocks = 8});
    assert_true(join(&run)->population.held.share == 0.0);
    done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_site_retains_is_of_the_newest_mark),
        cmocka_unit_test(blocks_that_are_not_lost_yet_count_as_well),
        cmocka_unit_test(in_a_first_mark_they_are_counted_once),
        cmocka_unit_test(a_site_retains_itself_at_least),
        cmocka_unit_test(sums_of_impossible_numbers_end_at_the_largest),
        cmocka_unit_test(without_a_mark_nobody_knows_what_is_retained),
        cmocka_unit_test(a_container_is_of_the_newest_mark_before_the_exit),
        cmocka_unit_test(a_container_younger_than_a_block_is_not_older),
        cmocka_unit_test(blocks_that_no_mark_saw_hang_on_no_container),
    };
    return cmocka_run_group_tests_name("join_held", tests, NULL, NULL);
}
