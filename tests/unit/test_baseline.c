/* Baselines: what is known, what got worse, what is found again. */
#include "report/baseline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct tenure_baseline baseline;
static char path[] = "/tmp/tenure_baseline_XXXXXX";

static const struct tenure_charge_frame inlined[] = {
    {.function = "copy_key", .file = "", .module = "/bin/a"},
    {.function = "store_set", .file = "", .module = "/bin/a"},
    {.function = "main", .file = "", .module = "/bin/a"}};
static const struct tenure_charge_frame outlined[] = {
    {.function = "copy_key", .file = "", .module = "/bin/a"},
    {.function = "helper", .file = "", .module = "/bin/a"},
    {.function = "store_set", .file = "", .module = "/bin/a"},
    {.function = "main", .file = "", .module = "/bin/a"}};
static const struct tenure_charge_frame other[] = {
    {.function = "copy_key", .file = "", .module = "/bin/a"},
    {.function = "store_get", .file = "", .module = "/bin/a"},
    {.function = "main", .file = "", .module = "/bin/a"}};

static struct tenure_charge charge(uint64_t id, uint64_t bytes, uint64_t work)
{
    return (struct tenure_charge){.id = id,
                                  .class = TENURE_CLASS_LEAK,
                                  .bytes = bytes,
                                  .blocks = 1,
                                  .work = work,
                                  .thread = "main",
                                  .because = "",
                                  .stack = {inlined, 3, 0}};
}

static int set_up(void **state)
{
    (void)state;
    struct tenure_charge known = charge(7, 100000, 1000);
    tenure_baseline_add(&baseline, &known);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tenure_baseline_drop(&baseline);
    return 0;
}

static enum tenure_charge_state now(struct tenure_charge of)
{
    tenure_baseline_apply(&baseline, &of, 1);
    return of.state;
}

static void what_is_in_the_baseline_is_known(void **state)
{
    (void)state;
    assert_int_equal(now(charge(7, 100000, 1000)), TENURE_CHARGE_KNOWN);
    assert_int_equal(now(charge(7, 149000, 1000)), TENURE_CHARGE_KNOWN);
    assert_true(baseline.at[0].met);
}

static void more_of_it_for_the_same_work_is_worse(void **state)
{
    (void)state;
    struct tenure_charge worse = charge(7, 300000, 1000);
    assert_int_equal(now(worse), TENURE_CHARGE_FAILS);
    tenure_baseline_apply(&baseline, &worse, 1);
    assert_non_null(strstr(worse.because, "it got worse"));
    /* A run three times as long leaks three times as much. */
    assert_int_equal(now(charge(7, 300000, 3000)), TENURE_CHARGE_KNOWN);
    /* A short one has not leaked much yet. */
    assert_int_equal(now(charge(7, 90000, 10)), TENURE_CHARGE_KNOWN);
}

static void more_lost_blocks_are_no_work_of_their_own(void **state)
{
    (void)state;
    struct tenure_charge lost = charge(9, 3000, 12);
    lost.class = TENURE_CLASS_LOST;
    lost.blocks = 10;
    tenure_baseline_add(&baseline, &lost);
    assert_int_equal(now(lost), TENURE_CHARGE_KNOWN);
    /* At the end of a run, whatever else it did. */
    lost.blocks = 1000;
    lost.bytes = 300000;
    lost.work = 1002;
    assert_int_equal(now(lost), TENURE_CHARGE_FAILS);
    lost.work = 1000000;
    tenure_baseline_apply(&baseline, &lost, 1);
    assert_int_equal(lost.state, TENURE_CHARGE_FAILS);
    assert_non_null(strstr(lost.because, "was 2.9 KiB, is 293 KiB"));
}

static void a_series_that_loses_faster_is_worse(void **state)
{
    (void)state;
    struct tenure_charge lost = charge(9, 125000, 280);
    lost.class = TENURE_CLASS_LOST;
    lost.blocks = 250;
    lost.rate = 50000;
    tenure_baseline_add(&baseline, &lost);
    lost.blocks = 2500;
    lost.bytes = 1250000;
    lost.work = 2800; /* some wait for a second mark */
    lost.rate = 500000;
    assert_int_equal(now(lost), TENURE_CHARGE_FAILS);
    /* Ten times as long. */
    lost.rate = 50000;
    assert_int_equal(now(lost), TENURE_CHARGE_KNOWN);
}

static void the_process_with_most_is_what_is_compared(void **state)
{
    (void)state;
    struct tenure_charge lost = charge(7, 400000, 1000);
    tenure_baseline_add(&baseline, &lost);
    assert_int_equal(now(lost), TENURE_CHARGE_KNOWN);
    assert_true(baseline.at[0].met && baseline.at[1].met);
}

static void another_site_is_new(void **state)
{
    (void)state;
    struct tenure_charge new = charge(8, 10, 1000);
    new.stack.at = other;
    assert_int_equal(now(new), TENURE_CHARGE_FAILS);
    assert_false(baseline.at[0].met);
}

static void another_inlining_is_the_same_site(void **state)
{
    (void)state;
    struct tenure_charge same = charge(8, 100000, 1000);
    same.stack = (struct tenure_charge_stack){outlined, 4, 0};
    assert_int_equal(now(same), TENURE_CHARGE_KNOWN);
    same.thread = "worker";
    assert_int_equal(now(same), TENURE_CHARGE_FAILS);
}

static void a_suppressed_site_stays_suppressed_and_is_met(void **state)
{
    (void)state;
    struct tenure_charge quiet = charge(7, 1, 1);
    quiet.state = TENURE_CHARGE_SUPPRESSED;
    assert_int_equal(now(quiet), TENURE_CHARGE_SUPPRESSED);
    assert_true(baseline.at[0].met);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    struct tenure_charge charges[2] = {charge(7, 1234, 99), charge(9, 5, 6)};
    struct tenure_why why;
    charges[1].state = TENURE_CHARGE_SUPPRESSED;
    assert_int_equal(tenure_baseline_write(path, charges, 2, &why), 0);
    tenure_baseline_drop(&baseline);
    assert_int_equal(tenure_baseline_read(&baseline, path, &why), 0);
    assert_int_equal(baseline.count, 1);
    const struct tenure_known *known = &baseline.at[0];
    assert_int_equal(known->id, 7);
    assert_int_equal(known->bytes, 1234);
    assert_int_equal(known->work, 99);
    assert_int_equal(known->depth, 3);
    assert_string_equal(known->title, "copy_key");
    assert_string_equal(known->thread, "main");
    assert_string_equal(known->functions[1], "store_set");
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_report_is_a_baseline(void **state)
{
    (void)state;
    struct tenure_why why;
    tenure_baseline_drop(&baseline);
    write_text(
        "{\"schema\": 1, \"snapshots\": [{\"allocated_blocks\": 50}], "
        "\"sites\": [{\"id\": \"00000000000000ff\", \"class\": "
        "\"lost\", \"thread\": \"t\", \"stack\": [{\"function\": "
        "\"f\"}], \"lost_bytes\": 12, \"live_bytes\": [1, 2]}, {\"id\":"
        " \"01\", \"class\": \"cache\", \"stack\": []}]}");
    assert_int_equal(tenure_baseline_read(&baseline, path, &why), 0);
    assert_int_equal(baseline.count, 1);
    assert_int_equal(baseline.at[0].id, 0xff);
    assert_int_equal(baseline.at[0].bytes, 12);
    assert_int_equal(baseline.at[0].work, 50);
}

static void what_is_no_baseline_is_said_to_be_none(void **state)
{
    (void)state;
    struct tenure_why why;
    static const char *const texts[] = {"{",
                                        "{\"schema\": 2, \"sites\": []}",
                                        "{\"schema\": 1}",
                                        "{\"schema\": 1, \"sites\": 5}",
                                        "no json",
                                        ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(texts[i]);
        why.text[0] = 0;
        assert_int_equal(tenure_baseline_read(&baseline, path, &why), -1);
        assert_non_null(strstr(why.text, path));
    }
    assert_int_equal(tenure_baseline_read(&baseline, "/no/such", &why), -1);
    assert_non_null(strstr(why.text, "--update-baseline"));
}

static void odd_sites_of_a_report_do_no_harm(void **state)
{
    (void)state;
    struct tenure_why why;
    write_text(
        "{\"schema\": 1, \"sites\": [5, null, {\"class\": \"leak\"}, "
        "{\"class\": \"leak\", \"stack\": [1, {\"function\": 3}], "
        "\"title\": 9, \"live_bytes\": [-5]}]}");
    assert_int_equal(tenure_baseline_read(&baseline, path, &why), 0);
    assert_int_equal(now(charge(7, 100000, 1000)), TENURE_CHARGE_KNOWN);
}

int main(void)
{
    close(mkstemp(path));
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_in_the_baseline_is_known),
        TEST(more_of_it_for_the_same_work_is_worse),
        TEST(more_lost_blocks_are_no_work_of_their_own),
        TEST(a_series_that_loses_faster_is_worse),
        TEST(the_process_with_most_is_what_is_compared),
        TEST(another_site_is_new),
        TEST(another_inlining_is_the_same_site),
        TEST(a_suppressed_site_stays_suppressed_and_is_met),
        TEST(what_was_written_is_read_again),
        TEST(a_report_is_a_baseline),
        TEST(what_is_no_baseline_is_said_to_be_none),
        TEST(odd_sites_of_a_report_do_no_harm),
    };
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return status;
}
