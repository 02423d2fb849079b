/*
 * The verdict on populations made by hand: one matrix, one expected class.
 * Each test names what must not mislead the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/explain.h"
#include "tests/unit/simulation.h"

static struct simulation simulation;
static struct tenure_matrix scratch;

static void start(uint32_t snapshots)
{
    simulation_start(&simulation, 1, snapshots);
}

/* `count` blocks born in generation `g` (0 is the first), gone at column
 * `gone`; 99 = alive at the end. */
static void born(uint32_t g, uint32_t count, uint32_t gone)
{
    for (uint32_t i = 0; i < count; i++)
        simulation_born(&simulation, g + 0.5, gone < 99 ? gone + 1 : FOREVER);
}

static struct tenure_site_verdict judge(void)
{
    struct tenure_site_verdict verdict;
    const struct tenure_population *one = &simulation.population[0];
    simulation_close(&simulation);
    tenure_judge_site(&one, 1, &scratch, &verdict);
    return verdict;
}

static void expect_class(enum tenure_site_class class)
{
    struct tenure_site_verdict verdict = judge();
    if (verdict.class != class)
        fail_msg("is %s, not %s", tenure_class_name(verdict.class),
                 tenure_class_name(class));
}

static void a_steady_residue_is_a_leak(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 0; g < 8; g++) {
        born(g, 10, 99);
        born(g, 200, g + 1);
    }
    struct tenure_site_verdict verdict = judge();
    assert_int_equal(verdict.class, TENURE_CLASS_LEAK);
    assert_true(verdict.confidence > 0.9);
    assert_true(fabs(verdict.rate - 96) < 1e-6); /* 10 x 96 B in 10 s */
}

static void one_block_a_generation_is_a_leak(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 1, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void a_burst_every_third_generation_is_a_leak_in_twelve(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 1; g < 8; g += 3)
        born(g, 50, 99);
    expect_class(TENURE_CLASS_SUSPECT);
    start(12);
    for (uint32_t g = 1; g < 12; g += 3)
        born(g, 50, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void two_snapshots_give_no_verdict(void **state)
{
    (void)state;
    start(2);
    born(0, 10, 99);
    born(1, 1000, 99);
    expect_class(TENURE_CLASS_UNKNOWN);
}

static void three_snapshots_never_call_it_a_leak(void **state)
{
    (void)state;
    start(3);
    for (uint32_t g = 0; g < 3; g++)
        born(g, 1000, 99);
    struct tenure_site_verdict verdict = judge();
    assert_true(verdict.class != TENURE_CLASS_LEAK);
}

static void four_snapshots_may_call_a_clear_leak_one(void **state)
{
    (void)state;
    start(4);
    for (uint32_t g = 0; g < 4; g++)
        born(g, 1000, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void freeing_everything_at_exit_clears_nobody(void **state)
{
    (void)state;
    start(9);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 20, 8);
    simulation.at_exit[8] = true;
    expect_class(TENURE_CLASS_LEAK);
}

static void what_is_born_only_at_exit_is_no_growth(void **state)
{
    (void)state;
    start(9);
    born(0, 20, 99);
    born(8, 5000, 99);
    simulation.at_exit[8] = true;
    expect_class(TENURE_CLASS_STEADY);
}

static void start_up_does_not_hide_a_leak(void **state)
{
    (void)state;
    start(8);
    born(0, 5000, 99);
    born(1, 800, 99);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 10, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void start_up_alone_is_no_leak(void **state)
{
    (void)state;
    start(8);
    born(0, 500, 99);
    born(1, 100, 99);
    born(2, 20, 99);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 50, g + 1);
    struct tenure_site_verdict verdict = judge();
    assert_true(verdict.class > TENURE_CLASS_SUSPECT);
}

static void a_reload_in_the_middle_is_no_leak(void **state)
{
    (void)state;
    start(8);
    born(0, 300, 4);
    born(4, 300, 99);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 50, g + 1);
    struct tenure_site_verdict verdict = judge();
    assert_true(verdict.class > TENURE_CLASS_SUSPECT);
}

static void a_reload_in_the_middle_does_not_hide_a_leak(void **state)
{
    (void)state;
    start(8);
    born(0, 300, 4);
    born(4, 300, 99);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 10, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void growth_that_has_stopped_is_no_leak(void **state)
{
    (void)state;
    for (uint32_t snapshots = 8; snapshots <= 12; snapshots += 4) {
        start(snapshots);
        simulation.block_bytes = 4096;
        for (uint32_t g = 0; g < snapshots * 2 / 3; g++)
            born(g, 4, 99);
        expect_class(TENURE_CLASS_WARMING);
    }
}

static void a_full_cache_is_a_cache(void **state)
{
    (void)state;
    start(8);
    born(0, 300, 3);
    for (uint32_t g = 1; g < 8; g++)
        born(g, 100, g + 3);
    expect_class(TENURE_CLASS_CACHE);
}

static void a_ring_that_just_filled_is_no_leak(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 100, g + 5 < 8 ? g + 5 : 99);
    struct tenure_site_verdict verdict = judge();
    assert_int_equal(verdict.class, TENURE_CLASS_CACHE);
}

static void growth_that_slows_prints_its_plateau(void **state)
{
    (void)state;
    static const uint32_t births[] = {400, 200, 100, 50, 25, 12, 6, 3};
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, births[g], 99);
    struct tenure_site_verdict verdict = judge();
    assert_int_equal(verdict.class, TENURE_CLASS_WARMING);
    assert_true(verdict.plateau_bytes > 796.0 * 96);
    assert_true(verdict.plateau_bytes < 830.0 * 96);
}

static void a_drained_queue_is_a_backlog(void **state)
{
    (void)state;
    start(8);
    born(0, 10, 99);
    born(3, 2000, 6);
    born(4, 500, 6);
    expect_class(TENURE_CLASS_BACKLOG);
}

static void few_large_blocks_are_a_pool(void **state)
{
    (void)state;
    start(8);
    simulation.block_bytes = 1 << 20;
    born(1, 1, 99);
    born(2, 1, 99);
    born(5, 2, 99);
    expect_class(TENURE_CLASS_POOL);
}

static void a_large_block_in_every_generation_is_a_leak(void **state)
{
    (void)state;
    start(8);
    simulation.block_bytes = 1 << 20;
    for (uint32_t g = 0; g < 8; g++)
        born(g, 1, 99);
    expect_class(TENURE_CLASS_LEAK);
}

static void an_idle_end_does_not_stop_a_leak(void **state)
{
    (void)state;
    start(10);
    for (uint32_t g = 0; g < 7; g++)
        born(g, 10, 99);
    for (uint32_t k = 0; k < 10; k++)
        simulation.work[k] = k < 7 ? 10000 * (k + 1) : 70000 + k;
    expect_class(TENURE_CLASS_LEAK);
}

static void who_survives_idleness_has_proved_nothing(void **state)
{
    (void)state;
    /* Half of the old die in each busy generation; then four idle ones. */
    start(10);
    for (uint32_t g = 0; g < 6; g++) {
        uint32_t left = 64;
        for (uint32_t k = g + 1; k < 6; k++, left /= 2)
            born(g, left / 2, k);
        born(g, left, 99);
    }
    for (uint32_t k = 0; k < 10; k++)
        simulation.work[k] = k < 6 ? 10000 * (k + 1) : 60000 + k;
    struct tenure_site_verdict verdict = judge();
    assert_int_equal(verdict.snapshots, 6);
    assert_true(verdict.class > TENURE_CLASS_SUSPECT);
}

static void a_container_that_bounds_them_makes_it_unbounded(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 10, 99);
    simulation.population[0].held =
        (struct tenure_held){0.95, 200, 80, 80, true, true, true};
    expect_class(TENURE_CLASS_UNBOUNDED);
}

static void lost_needs_no_trend(void **state)
{
    (void)state;
    static uint64_t lost[2] = {0, 7};
    struct tenure_site_verdict verdict;
    const struct tenure_population *one = &simulation.population[0];
    start(2);
    born(0, 10, 99);
    simulation_close(&simulation);
    simulation.population[0].lost_blocks = lost;
    tenure_judge_site(&one, 1, &scratch, &verdict);
    assert_int_equal(verdict.class, TENURE_CLASS_LOST);
    assert_int_equal(verdict.lost_blocks, 7);
}

static void judge_growing(const uint64_t *bytes, bool rising,
                          enum tenure_site_class class)
{
    struct tenure_site_verdict verdict;
    const struct tenure_population *one = &simulation.population[0];
    uint64_t ones[8] = {0, 0, 1, 1, 1, 1, 1, 1};
    start(8);
    born(0, 1, 99);
    memcpy(simulation.bytes[0][0], bytes, 8 * sizeof *bytes);
    simulation_close(&simulation);
    if (rising)
        simulation.population[0].rising_blocks = ones;
    tenure_judge_site(&one, 1, &scratch, &verdict);
    if (verdict.class != class)
        fail_msg("is %s, not %s", tenure_class_name(verdict.class),
                 tenure_class_name(class));
}

static void a_buffer_that_only_grows_is_grown(void **state)
{
    (void)state;
    static const uint64_t bytes[] = {20000,  40000,  60000,  80000,
                                     100000, 120000, 140000, 160000};
    judge_growing(bytes, true, TENURE_CLASS_GROWN);
}

static void a_small_buffer_that_only_grows_is_suspect(void **state)
{
    (void)state;
    static const uint64_t bytes[] = {1000, 1500, 2000, 2500,
                                     3000, 3500, 4000, 4500};
    judge_growing(bytes, true, TENURE_CLASS_SUSPECT);
}

static void a_buffer_up_and_down_is_not_grown(void **state)
{
    (void)state;
    static const uint64_t bytes[] = {20000, 90000, 20000, 95000,
                                     30000, 99000, 20000, 21000};
    judge_growing(bytes, true, TENURE_CLASS_BACKLOG);
}

static void a_buffer_that_reached_its_size_is_not_grown(void **state)
{
    (void)state;
    static const uint64_t bytes[] = {20000,  40000,  80000,  160000,
                                     160000, 160000, 160000, 160000};
    judge_growing(bytes, true, TENURE_CLASS_POOL);
}

static void sampled_counts_are_weighed_as_samples(void **state)
{
    (void)state;
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 5461, 99); /* 96-byte blocks at 512 KiB: one sample each */
    simulation_close(&simulation);
    simulation.timeline.sample_bytes = 512 << 10;
    struct tenure_site_verdict verdict;
    const struct tenure_population *one = &simulation.population[0];
    tenure_judge_site(&one, 1, &scratch, &verdict);
    assert_true(verdict.test.survivors < 8);
    assert_true(verdict.test.survivors > 4);
}

static void the_same_population_gets_the_same_verdict(void **state)
{
    (void)state;
    struct tenure_site_verdict first, second;
    start(12);
    simulation_tuned[4].make(&simulation);
    first = judge();
    memset(&scratch, 0x5a, sizeof scratch);
    start(12);
    simulation_tuned[4].make(&simulation);
    second = judge();
    assert_memory_equal(&first, &second, sizeof first);
}

static void the_evidence_gives_its_numbers(void **state)
{
    (void)state;
    char text[256];
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 10, 99);
    struct tenure_site_verdict verdict = judge();
    tenure_verdict_text(&verdict, &simulation.population[0], text, sizeof text);
    assert_string_equal(text,
                        "0 deaths in 210 exposures at any age; 7 of 7 "
                        "generations left survivors; 96 B/s (96 B .. "
                        "96 B)");
    char cut[12];
    tenure_verdict_text(&verdict, &simulation.population[0], cut, sizeof cut);
    assert_string_equal(cut, "0 deaths in");
}

static void the_explanation_shows_matrix_and_tests(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "leak (confidence 0.99): 0 deaths in 210 exposures",
        "\n  to 1             10       10       10",
        "\n     7                                                   ",
        "\n    1        150        0   0.000   0.020       6/6",
        "A = 0\n",
        "yes  most generations leave some: 7 of 7 >= 40 %",
    };
    char *text;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);
    start(8);
    for (uint32_t g = 0; g < 8; g++)
        born(g, 10, 99);
    struct tenure_site_verdict verdict = judge();
    tenure_explain(to, &simulation.population[0], 0, &verdict);
    fclose(to);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("no \"%s\" in:\n%s", parts[i], text);
    free(text);
}

static void too_few_snapshots_say_how_many_more(void **state)
{
    (void)state;
    char text[256];
    start(2);
    born(0, 10, 99);
    struct tenure_site_verdict verdict = judge();
    tenure_verdict_text(&verdict, &simulation.population[0], text, sizeof text);
    assert_string_equal(text,
                        "2 judged snapshots: a difference, no trend; "
                        "take 2 more snapshots for a verdict");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_residue_is_a_leak),
        cmocka_unit_test(one_block_a_generation_is_a_leak),
        cmocka_unit_test(a_burst_every_third_generation_is_a_leak_in_twelve),
        cmocka_unit_test(two_snapshots_give_no_verdict),
        cmocka_unit_test(three_snapshots_never_call_it_a_leak),
        cmocka_unit_test(four_snapshots_may_call_a_clear_leak_one),
        cmocka_unit_test(freeing_everything_at_exit_clears_nobody),
        cmocka_unit_test(what_is_born_only_at_exit_is_no_growth),
        cmocka_unit_test(start_up_does_not_hide_a_leak),
        cmocka_unit_test(start_up_alone_is_no_leak),
        cmocka_unit_test(a_reload_in_the_middle_is_no_leak),
        cmocka_unit_test(a_reload_in_the_middle_does_not_hide_a_leak),
        cmocka_unit_test(growth_that_has_stopped_is_no_leak),
        cmocka_unit_test(a_full_cache_is_a_cache),
        cmocka_unit_test(a_ring_that_just_filled_is_no_leak),
        cmocka_unit_test(growth_that_slows_prints_its_plateau),
        cmocka_unit_test(a_drained_queue_is_a_backlog),
        cmocka_unit_test(few_large_blocks_are_a_pool),
        cmocka_unit_test(a_large_block_in_every_generation_is_a_leak),
        cmocka_unit_test(an_idle_end_does_not_stop_a_leak),
        cmocka_unit_test(who_survives_idleness_has_proved_nothing),
        cmocka_unit_test(a_container_that_bounds_them_makes_it_unbounded),
        cmocka_unit_test(lost_needs_no_trend),
        cmocka_unit_test(a_buffer_that_only_grows_is_grown),
        cmocka_unit_test(a_small_buffer_that_only_grows_is_suspect),
        cmocka_unit_test(a_buffer_up_and_down_is_not_grown),
        cmocka_unit_test(a_buffer_that_reached_its_size_is_not_grown),
        cmocka_unit_test(sampled_counts_are_weighed_as_samples),
        cmocka_unit_test(the_same_population_gets_the_same_verdict),
        cmocka_unit_test(the_evidence_gives_its_numbers),
        cmocka_unit_test(the_explanation_shows_matrix_and_tests),
        cmocka_unit_test(too_few_snapshots_say_how_many_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
