/* Wildcards of suppression files. */
#include "report/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_plain_pattern_is_looked_for_anywhere(void **state)
{
    (void)state;
    assert_true(tenure_pattern_in("parse", "config_parse_line"));
    assert_true(tenure_pattern_in("parse", "parse"));
    assert_false(tenure_pattern_in("parse", "pars"));
    assert_true(tenure_pattern_in("libfoo.so", "/usr/lib/libfoo.so.3"));
    assert_false(tenure_pattern_in("parse", ""));
}

static void anchors_tie_a_pattern_to_the_ends(void **state)
{
    (void)state;
    assert_true(tenure_pattern_in("^parse", "parse_line"));
    assert_false(tenure_pattern_in("^parse", "do_parse"));
    assert_true(tenure_pattern_in("parse$", "do_parse"));
    assert_false(tenure_pattern_in("parse$", "parse_line"));
    assert_true(tenure_pattern_in("^parse$", "parse"));
    assert_false(tenure_pattern_in("^parse$", "parses"));
    assert_true(tenure_pattern_in("a$", "xaxa"));
}

static void a_star_is_anything_in_between(void **state)
{
    (void)state;
    assert_true(tenure_pattern_in("read*config", "read_the_config_file"));
    assert_true(tenure_pattern_in("read*config", "readconfig"));
    assert_false(tenure_pattern_in("read*config", "config_read"));
    assert_true(tenure_pattern_in("^a*b*c$", "a__b_b__c"));
    assert_false(tenure_pattern_in("^a*b*c$", "a__b_b__d"));
    assert_true(tenure_pattern_in("^a*", "a"));
}

static void a_glob_is_the_whole_text(void **state)
{
    (void)state;
    assert_true(tenure_pattern_is("parse", "parse"));
    assert_false(tenure_pattern_is("parse", "parse_line"));
    assert_true(tenure_pattern_is("*alloc", "malloc"));
    assert_true(tenure_pattern_is("p?rse", "parse"));
    assert_false(tenure_pattern_is("p?rse", "prse"));
    assert_true(tenure_pattern_is("*", ""));
    assert_false(tenure_pattern_is("?", ""));
    assert_true(tenure_pattern_is("*/libc-2.*.so", "/lib/libc-2.36.so"));
}

/* Every way to match, tried one by one. */
static int slowly(const char *pattern, const char *text)
{
    if (!*pattern)
        return !*text;
    if (*pattern == '*')
        return slowly(pattern + 1, text) ||
               (*text && slowly(pattern, text + 1));
    return *text && (*pattern == '?' || *pattern == *text) &&
           slowly(pattern + 1, text + 1);
}

static void a_glob_agrees_with_trying_everything(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 200000; round++) {
        char pattern[8] = "", text[10] = "";
        for (int i = 0; i < 7; i++) {
            seed = seed * 1664525 + 1013904223;
            pattern[i] = "ab*?"[seed >> 30];
            text[i] = "ab"[seed >> 20 & 1];
        }
        pattern[seed >> 10 & 7] = 0;
        text[seed >> 5 & 7] = 0;
        assert_int_equal(tenure_pattern_is(pattern, text),
                         slowly(pattern, text));
    }
}

static void many_stars_do_not_take_for_ever(void **state)
{
    (void)state;
    char text[4001];
    memset(text, 'a', 4000);
    text[4000] = 0;
    assert_false(tenure_pattern_is("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_pattern_is_looked_for_anywhere),
        cmocka_unit_test(anchors_tie_a_pattern_to_the_ends),
        cmocka_unit_test(a_star_is_anything_in_between),
        cmocka_unit_test(a_glob_is_the_whole_text),
        cmocka_unit_test(a_glob_agrees_with_trying_everything),
        cmocka_unit_test(many_stars_do_not_take_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
