/*
 * TENURE_OPTIONS: what is understood, and that the rest is counted and does
 * no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/config.h"

static struct tenure__config config;

static void parse(const char *options)
{
    tenure__config_parse(&config, options);
}

static void without_options_there_are_defaults(void **state)
{
    (void)state;
    parse(NULL);
    assert_string_equal(config.dir, "tenure.out");
    assert_int_equal(config.depth, TENURE_DEPTH_DEFAULT);
    assert_true(config.follow_children);
    assert_int_equal(config.bad_options, 0);
    parse("");
    assert_int_equal(config.bad_options, 0);
}

static void every_option_is_understood(void **state)
{
    (void)state;
    parse(
        "dir=/var/tmp/t:every=60s:sample=512K:depth=128:verify=10:major:"
        "objects=1:dormant=0:self-test:urgent:trace=/tmp/"
        "x:follow=none:leader=7");
    assert_int_equal(config.bad_options, 0);
    assert_string_equal(config.dir, "/var/tmp/t");
    assert_string_equal(config.trace, "/tmp/x");
    assert_true(config.every_ns == 60000000000u);
    assert_int_equal(config.sample_bytes, 512 << 10);
    assert_int_equal(config.depth, 128);
    assert_int_equal(config.verify_every, 10);
    assert_int_equal(config.leader, 7);
    assert_true(config.major && config.objects && config.self_test &&
                config.urgent);
    assert_false(config.dormant || config.follow_children);
}

static void a_period_is_time_or_bytes_by_its_unit(void **state)
{
    (void)state;
    parse("every=5m");
    assert_true(config.every_ns == 300000000000u);
    assert_int_equal(config.every_bytes, 0);
    parse("every=5M");
    assert_int_equal(config.every_ns, 0);
    assert_int_equal(config.every_bytes, 5 << 20);
    parse("every=1ms");
    assert_int_equal(config.every_ns, TENURE_PERIOD_MIN_MS * 1000000);
}

static void what_is_not_understood_is_counted(void **state)
{
    static const char *const bad[] = {
        "nonsense",         "depth=0",    "depth=513", "depth=x",
        "every=0s",         "every=5q",   "every=",    "sample=99999999999G",
        "follow=dog",       "dir=",       "major=2",   "depth",
        "leader=-1",        "every=10s5", "sample=0",  "sample=2048G",
        "every=5124095576h"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char options[100];
        snprintf(options, sizeof options, "%s:depth=9", bad[i]);
        parse(options);
        assert_int_equal(config.bad_options, 1);
        assert_string_equal(config.bad_text, bad[i]);
        assert_int_equal(config.depth, 9);
    }
}

static void the_bad_ones_are_named_as_far_as_there_is_room(void **state)
{
    char many[1000] = "a\033[31m=1:depth=0";
    (void)state;
    parse(many);
    assert_int_equal(config.bad_options, 2);
    assert_string_equal(config.bad_text, "a?[31m=1, depth=0");
    for (int i = 0; i < 90; i++)
        strcat(many, ":nonsense");
    parse(many);
    assert_int_equal(config.bad_options, 92);
    assert_in_range(strlen(config.bad_text), 240, 255);
}

static void an_endless_option_is_one_bad_one(void **state)
{
    static char text[20000];
    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = 'a';
    parse(text);
    assert_int_equal(config.bad_options, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_there_are_defaults),
        cmocka_unit_test(every_option_is_understood),
        cmocka_unit_test(a_period_is_time_or_bytes_by_its_unit),
        cmocka_unit_test(what_is_not_understood_is_counted),
        cmocka_unit_test(the_bad_ones_are_named_as_far_as_there_is_room),
        cmocka_unit_test(an_endless_option_is_one_bad_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
