/* The environment and the directory that a tracked program gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/launch.h"
#include "tests/unit/scratch.h"

static char text[2 * PATH_MAX];
static struct tenure_why why;

static const char *preload(const char *before)
{
    assert_true(
        tenure_launch_preload("/x/libtenure.so", before, text, sizeof text));
    return text;
}

static void the_agent_comes_first_and_the_others_stay(void **state)
{
    (void)state;
    assert_string_equal(preload(NULL), "/x/libtenure.so");
    assert_string_equal(preload(""), "/x/libtenure.so");
    assert_string_equal(preload("libjemalloc.so.2 a.so:b.so"),
                        "/x/libtenure.so:libjemalloc.so.2:a.so:b.so");
}

static void an_earlier_agent_gives_way(void **state)
{
    (void)state;
    assert_string_equal(preload("/old/libtenure.so:a.so"),
                        "/x/libtenure.so:a.so");
    assert_string_equal(preload("libtenure.so"), "/x/libtenure.so");
    assert_string_equal(preload("/my/notlibtenure.so"),
                        "/x/libtenure.so:/my/notlibtenure.so");
    char small[20];
    assert_false(tenure_launch_preload("/x/libtenure.so", "abc.so", small,
                                       sizeof small));
}

static int options_of(const struct tenure_launch *launch, const char *to)
{
    why.text[0] = 0;
    return tenure_launch_options(launch, to, 42, text, sizeof text, &why);
}

static void options_become_one_variable(void **state)
{
    (void)state;
    struct tenure_launch launch = TENURE_LAUNCH_DEFAULT;
    assert_int_equal(options_of(&launch, "/d"), 0);
    assert_string_equal(text, "dir=/d");
    launch = (struct tenure_launch){.every = "5m",
                                    .trace = "/t",
                                    .sample_bytes = 524288,
                                    .depth = 32,
                                    .verify_every = 1,
                                    .follow = TENURE_FOLLOW_NONE,
                                    .major = true,
                                    .objects = true,
                                    .dormant = true,
                                    .self_test = true,
                                    .urgent = true};
    assert_int_equal(options_of(&launch, "/d e"), 0);
    assert_string_equal(text,
                        "dir=/d e:every=300s:trace=/t:major:objects:"
                        "dormant:self-test:urgent:sample=524288:depth=32:"
                        "verify=1:follow=none:leader=42");
}

static void a_period_is_a_time_or_a_size(void **state)
{
    (void)state;
    static const char *const good[][2] = {{"5M", "dir=/d:every=5242880"},
                                          {"250ms", "dir=/d:every=250ms"},
                                          {"60", "dir=/d:every=60s"}};
    static const char *const bad[] = {
        "", "0s", "0", "often", "-5s", "5x", "99999999999999999h"};
    struct tenure_launch launch = TENURE_LAUNCH_DEFAULT;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        launch.every = good[i][0];
        assert_int_equal(options_of(&launch, "/d"), 0);
        assert_string_equal(text, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        launch.every = bad[i];
        assert_int_equal(options_of(&launch, "/d"), -1);
        assert_non_null(strstr(why.text, "--every"));
    }
}

static void what_cannot_be_passed_on_is_refused(void **state)
{
    (void)state;
    struct tenure_launch launch = TENURE_LAUNCH_DEFAULT;
    assert_int_equal(options_of(&launch, "/a:b"), -1);
    assert_non_null(strstr(why.text, "colon"));
    launch.trace = "a:b";
    assert_int_equal(options_of(&launch, "/d"), -1);
    launch.trace = NULL;
    launch.depth = 513;
    assert_int_equal(options_of(&launch, "/d"), -1);
    assert_non_null(strstr(why.text, "512"));
}

static int directory(const char *name, char absolute[PATH_MAX])
{
    why.text[0] = 0;
    return tenure_launch_directory(name, absolute, &why);
}

static void the_directory_is_made_for_us_alone(void **state)
{
    (void)state;
    char absolute[PATH_MAX], expected[PATH_MAX];
    struct stat st;
    assert_int_equal(chdir(scratch), 0);
    assert_non_null(realpath(".", expected));
    strcat(expected, "/fresh");
    assert_int_equal(directory("fresh/", absolute), 0);
    assert_string_equal(absolute, expected);
    assert_int_equal(stat("fresh", &st), 0);
    /* A service that starts as root may give it up later. */
    assert_int_equal(st.st_mode & 07777, geteuid() == 0 ? 01777 : 0700);
    assert_int_equal(chmod("fresh", 0750), 0);
    assert_int_equal(directory("fresh", absolute), 0);
    assert_int_equal(stat("fresh", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
}

static void a_link_or_a_file_in_its_place_is_refused(void **state)
{
    (void)state;
    char absolute[PATH_MAX];
    assert_int_equal(chdir(scratch), 0);
    assert_int_equal(mkdir("real", 0700), 0);
    assert_int_equal(symlink("real", "link"), 0);
    assert_int_equal(directory("link", absolute), -1);
    assert_non_null(strstr(why.text, "symbolic link"));
    assert_int_equal(directory("link/", absolute), -1);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(directory("dangling", absolute), -1);
    FILE *file = fopen("file", "w");
    fclose(file);
    assert_int_equal(directory("file", absolute), -1);
    assert_non_null(strstr(why.text, "not a directory"));
    assert_int_equal(directory("file/below", absolute), -1);
    assert_int_equal(directory("no/such", absolute), -1);
    assert_int_equal(directory("", absolute), -1);
    assert_int_equal(directory("/proc", absolute), -1);
    assert_non_null(strstr(why.text, "--dir"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_agent_comes_first_and_the_others_stay),
        cmocka_unit_test(an_earlier_agent_gives_way),
        cmocka_unit_test(options_become_one_variable),
        cmocka_unit_test(a_period_is_a_time_or_a_size),
        cmocka_unit_test(what_cannot_be_passed_on_is_refused),
        cmocka_unit_test(the_directory_is_made_for_us_alone),
        cmocka_unit_test(a_link_or_a_file_in_its_place_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
