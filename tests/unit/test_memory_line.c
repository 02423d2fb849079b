/* Resident memory taken apart, and series drawn as a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/memory_line.h"
#include "report/trend.h"

#define MIB (1u << 20)

static void expect(uint64_t tracked, uint64_t overhead, uint64_t rest,
                   enum tenure_memory_class class)
{
    struct tenure_memory_point points[8];
    for (uint32_t i = 0; i < 8; i++) {
        points[i] = (struct tenure_memory_point){
            .tracked = 20 * MIB + i * tracked,
            .files = 4 * MIB,
        };
        points[i].allocator = points[i].tracked + MIB + i * overhead;
        points[i].rss = points[i].allocator + points[i].files + i * rest;
    }
    assert_int_equal(tenure_memory_judge(points, 8), class);
    assert_int_equal(tenure_memory_judge(points, 1), TENURE_MEMORY_FLAT);
}

static void the_part_that_grows_names_the_class(void **state)
{
    (void)state;
    expect(0, 0, 0, TENURE_MEMORY_FLAT);
    expect(MIB, 0, 0, TENURE_MEMORY_HEAP);
    expect(0, MIB, 0, TENURE_MEMORY_FRAGMENTATION);
    expect(0, 0, MIB, TENURE_MEMORY_EXTERNAL);
    expect(MIB / 64, MIB / 64, 0, TENURE_MEMORY_FLAT);
}

static void the_agents_own_growth_is_not_the_services(void **state)
{
    (void)state;
    struct tenure_memory_point points[6];
    for (uint32_t i = 0; i < 6; i++)
        points[i] = (struct tenure_memory_point){
            .rss = 30 * MIB + i * MIB, .tracked = MIB, .agent = i * MIB};
    assert_int_equal(tenure_memory_judge(points, 6), TENURE_MEMORY_FLAT);
}

static void what_grew_in_a_step_is_not_flat_and_does_not_go_on(void **state)
{
    (void)state;
    struct tenure_memory_point points[6];
    for (uint32_t i = 0; i < 6; i++)
        points[i] = (struct tenure_memory_point){
            .rss = (i < 5 ? 6 : 108) * MIB, .tracked = i < 5 ? 0 : 100 * MIB};
    assert_int_equal(tenure_memory_judge(points, 6), TENURE_MEMORY_HEAP);
    assert_false(tenure_memory_rises(points, 6));
    for (uint32_t i = 0; i < 6; i++)
        points[i].tracked = 0;
    assert_int_equal(tenure_memory_judge(points, 6), TENURE_MEMORY_EXTERNAL);
    assert_int_equal(tenure_memory_judge(points, 5), TENURE_MEMORY_FLAT);
}

static void a_small_service_that_rises_each_time_is_not_flat(void **state)
{
    (void)state;
    struct tenure_memory_point points[10];
    for (uint32_t i = 0; i < 10; i++)
        points[i] = (struct tenure_memory_point){.rss = 3 * MIB + i * 70000,
                                                 .tracked = 60000 + i * 60000};
    assert_int_equal(tenure_memory_judge(points, 10), TENURE_MEMORY_HEAP);
    assert_true(tenure_memory_rises(points, 10));
    points[4].rss = points[3].rss;
    assert_int_equal(tenure_memory_judge(points, 10), TENURE_MEMORY_FLAT);
}

static void the_parts_add_up_to_rss(void **state)
{
    (void)state;
    struct tenure_memory_point point = {
        .rss = 30 * MIB,
        .tracked = 10 * MIB,
        .allocator = 12 * MIB,
        .mapped = 3 * MIB,
        .stacks = MIB,
        .files = 8 * MIB,
        .agent = 2 * MIB,
    };
    char text[256];
    assert_int_equal(tenure_memory_overhead(&point), 2 * MIB);
    assert_int_equal(tenure_memory_unknown(&point), 4 * MIB);
    tenure_memory_text(&point, text, sizeof text);
    assert_string_equal(
        text,
        "RSS 30.0 MiB = tracked 10.0 MiB + allocator overhead 2.0 MiB "
        "+ mappings 3.0 MiB + main stack 1.0 MiB + files 8.0 MiB + agent "
        "2.0 MiB + unknown 4.0 MiB");
}

static void untouched_memory_makes_the_rest_negative(void **state)
{
    (void)state;
    struct tenure_memory_point point = {.rss = 2 * MIB, .tracked = 10 * MIB};
    char text[64];
    assert_int_equal(tenure_memory_unknown(&point), -8 * (int64_t)MIB);
    tenure_memory_text(&point, text, sizeof text);
    assert_string_equal(text,
                        "RSS 2.0 MiB = tracked 10.0 MiB - untouched "
                        "8.0 MiB");
}

static void a_trend_is_drawn_from_zero_to_its_largest(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 50, 100, 100};
    char text[TENURE_TREND_BYTES];
    const char *drawn = tenure_trend_draw(values, 5, true, text);
    assert_string_equal(drawn, " ▁▄██");
    assert_string_equal(tenure_trend_draw(values, 5, false, text), " _=##");
    assert_string_equal(tenure_trend_draw(values, 1, true, text), " ");
    assert_string_equal(tenure_trend_draw(values, 0, true, text), "");
}

static void a_long_trend_keeps_its_ends(void **state)
{
    (void)state;
    uint64_t values[1000] = {[0] = 8, [999] = 4};
    char text[TENURE_TREND_BYTES];
    tenure_trend_draw(values, 1000, false, text);
    assert_string_equal(text, "#                      =");
}

static void the_locale_decides_on_block_characters(void **state)
{
    (void)state;
    setenv("LC_ALL", "", 1);
    setenv("LC_CTYPE", "C", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    assert_false(tenure_trend_utf8());
    setenv("LC_ALL", "C.utf8", 1);
    assert_true(tenure_trend_utf8());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_part_that_grows_names_the_class),
        cmocka_unit_test(the_agents_own_growth_is_not_the_services),
        cmocka_unit_test(what_grew_in_a_step_is_not_flat_and_does_not_go_on),
        cmocka_unit_test(a_small_service_that_rises_each_time_is_not_flat),
        cmocka_unit_test(the_parts_add_up_to_rss),
        cmocka_unit_test(untouched_memory_makes_the_rest_negative),
        cmocka_unit_test(a_trend_is_drawn_from_zero_to_its_largest),
        cmocka_unit_test(a_long_trend_keeps_its_ends),
        cmocka_unit_test(the_locale_decides_on_block_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
