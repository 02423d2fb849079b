/* Option tables: what is stored, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/options.h"

static bool all;
static uint64_t top, bytes, every;
static int sort;
static const char *out, *some;
static struct tenure_texts files;
static const char *const sorts[] = {"delta", "bytes", NULL};

static const struct tenure_option options[] = {
    {"all", 'a', NULL, &all, &tenure_type_flag, NULL, "every site"},
    {"top", 'n', "N", &top, &tenure_type_count, NULL, "first N"},
    {"bytes", 0, "SIZE", &bytes, &tenure_type_size, NULL, "size"},
    {"every", 0, "DUR", &every, &tenure_type_duration, NULL, "time"},
    {"sort", 0, "KEY", &sort, &tenure_type_choice, sorts, "order"},
    {"output", 'o', "FILE", &out, &tenure_type_text, NULL, "where"},
    {"some", 0, "WHICH", &some, &tenure_type_optional, NULL, "or all"},
    {"with", 0, "FILE", &files, &tenure_type_texts, NULL, "may repeat"},
    TENURE_OPTIONS_END,
};
static const struct tenure_usage usage = {"test [OPTIONS] FILE", "Tests.",
                                          options, false};
static const struct tenure_usage wrapper = {"test CMD", "Tests.", options,
                                            true};

/* Splits `line` at blanks and parses it. */
static int parse_as(const struct tenure_usage *as, const char *line)
{
    static char copy[256];
    static char *argv[32];
    int argc = 0;
    strncpy(copy, line, sizeof copy - 1);
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
        argv[argc++] = at;
    argv[argc] = NULL;
    return tenure_options_parse(argc, argv, as);
}

static int parse(const char *line)
{
    return parse_as(&usage, line);
}

static void values_arrive_wherever_the_arguments_stand(void **state)
{
    (void)state;
    all = false;
    assert_int_equal(parse("test file --top=7 -a other --bytes 64K"), 5);
    assert_true(all);
    assert_int_equal(top, 7);
    assert_int_equal(bytes, 65536);
    assert_int_equal(parse("test -n9 --sort=bytes --every=5m -o x.json"), 6);
    assert_int_equal(top, 9);
    assert_int_equal(sort, 1);
    assert_int_equal(every, 300000);
    assert_string_equal(out, "x.json");
}

static void a_repeated_option_collects_its_values(void **state)
{
    (void)state;
    files.count = 0;
    assert_int_equal(parse("test --with=a --with b"), 4);
    assert_int_equal(files.count, 2);
    assert_string_equal(files.at[0], "a");
    assert_string_equal(files.at[1], "b");
    free(files.at);
    files.at = NULL;
}

static void a_wrapper_leaves_the_options_of_its_command_alone(void **state)
{
    (void)state;
    assert_int_equal(parse_as(&wrapper, "run --top=1 cmd --top=2"), 2);
    assert_int_equal(top, 1);
    assert_int_equal(parse_as(&wrapper, "run --top=3 -- -cmd"), 3);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "test --nosuch",   "test -z",
        "test --top",      "test --top=x",
        "test --top=-1",   "test --top=1k",
        "test --bytes=1Q", "test --bytes=99999999999G",
        "test --every=1y", "test --sort=size",
        "test --all=yes",  "test --output="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(parse(wrong[i]), TENURE_OPTIONS_WRONG);
        assert_int_equal(tenure_options_status(TENURE_OPTIONS_WRONG), 2);
    }
}

static void help_is_not_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(parse("test --help --nosuch"), TENURE_OPTIONS_HELP);
    assert_int_equal(parse("test -h"), TENURE_OPTIONS_HELP);
    assert_int_equal(tenure_options_status(TENURE_OPTIONS_HELP), 0);
}

static void sizes_and_times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"0", 0},           {"4096", 4096},
                 {"1k", 1024},       {"10MiB", 10 << 20},
                 {"10MB", 10 << 20}, {"10m", 10 << 20},
                 {"1G", 1 << 30},    {"100B", 100}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(tenure_parse_size(sizes[i].text, &bytes), 0);
        assert_int_equal(bytes, sizes[i].bytes);
    }
    assert_int_equal(tenure_parse_duration("250ms", &every), 0);
    assert_int_equal(every, 250);
    assert_int_equal(tenure_parse_duration("30", &every), 0);
    assert_int_equal(every, 30000);
    assert_int_equal(tenure_parse_duration("2h", &every), 0);
    assert_int_equal(every, 7200000);
}

static void a_value_may_be_left_out_where_that_means_something(void **state)
{
    (void)state;
    some = NULL;
    assert_int_equal(parse("test file"), 1);
    assert_null(some);
    assert_int_equal(parse("test --some file"), 2);
    assert_string_equal(some, "");
    assert_int_equal(parse("test --some=1f file"), 2);
    assert_string_equal(some, "1f");
    assert_int_equal(parse("test --some= file"), TENURE_OPTIONS_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive_wherever_the_arguments_stand),
        cmocka_unit_test(a_value_may_be_left_out_where_that_means_something),
        cmocka_unit_test(a_repeated_option_collects_its_values),
        cmocka_unit_test(a_wrapper_leaves_the_options_of_its_command_alone),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(help_is_not_a_mistake),
        cmocka_unit_test(sizes_and_times_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
