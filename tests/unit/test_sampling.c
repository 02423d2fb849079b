/*
 * Sampling is Poisson over bytes: the mean distance is what was asked for,
 * a block is taken with probability 1 - exp(-n/R); and the byte trigger
 * comes once for each period.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "agent/sampling.h"

#define RATE 65536.0

static int wakes;

static void wake(void)
{
    wakes++;
}

static long counted_bytes;

static long sampled_of(long births, size_t bytes)
{
    struct tenure__thread thread = {.random = 88172645463325252u};
    long taken = 0;
    for (long i = 0; i < births; i++) {
        thread.bytes_left -= (int64_t)bytes;
        if (thread.bytes_left < 0 && tenure__sampling_due(&thread, bytes))
            taken++;
    }
    counted_bytes =
        (long)(thread.counts.allocated_bytes + tenure__thread_pending(&thread));
    return taken;
}

static void a_block_is_taken_with_its_probability(void **state)
{
    static const size_t sizes[] = {16, 1000, 65536, 1 << 20};
    (void)state;
    tenure__sampling_open((uint64_t)RATE, 0, wake);
    for (int i = 0; i < 4; i++) {
        double p = 1 - exp(-(double)sizes[i] / RATE);
        long births = (long)(40000 / p);
        double expected = p * (double)births;
        double spread = sqrt((double)births * p * (1 - p));
        double taken = (double)sampled_of(births, sizes[i]);
        assert_true(fabs(taken - expected) < 5 * spread + 2);
        assert_int_equal(counted_bytes, births * (long)sizes[i]);
    }
}

static void exact_mode_takes_every_block(void **state)
{
    struct tenure__thread thread = {0};
    (void)state;
    tenure__sampling_open(0, 0, wake);
    thread.counts.allocated_bytes += 100;
    assert_true(tenure__sampling_due(&thread, 100));
    assert_true(thread.bytes_limit > UINT64_C(1) << 60);
}

static void the_helper_is_woken_once_a_period(void **state)
{
    struct tenure__thread thread = {0};
    (void)state;
    wakes = 0;
    tenure__sampling_open(0, 1 << 20, wake);
    for (int i = 0; i < 10 << 10; i++) {
        thread.counts.allocated_bytes += 1024;
        if (thread.counts.allocated_bytes > thread.bytes_limit)
            assert_true(tenure__sampling_due(&thread, 1024));
    }
    assert_in_range(wakes, 9, 10);
}

#define BLOCK(at) ((const void *)(uint64_t)(at))

static void a_page_is_suspect_while_a_sample_lives_there(void **state)
{
    (void)state;
    assert_false(tenure__may_be_sampled(BLOCK(0x7000010)));
    tenure__sample_note(0x7000010);
    tenure__sample_note(0x7000fe0);
    assert_true(tenure__may_be_sampled(BLOCK(0x7000020)));
    assert_false(tenure__may_be_sampled(BLOCK(0x7001010)));
    tenure__sample_forget(0x7000010);
    assert_true(tenure__may_be_sampled(BLOCK(0x7000020)));
    tenure__sample_forget(0x7000fe0);
    assert_false(tenure__may_be_sampled(BLOCK(0x7000020)));
}

static void a_page_of_too_many_samples_stays_suspect(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        tenure__sample_note(0x9000010);
    for (int i = 0; i < 300; i++)
        tenure__sample_forget(0x9000010);
    assert_true(tenure__may_be_sampled(BLOCK(0x9000010)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_taken_with_its_probability),
        cmocka_unit_test(exact_mode_takes_every_block),
        cmocka_unit_test(a_page_is_suspect_while_a_sample_lives_there),
        cmocka_unit_test(a_page_of_too_many_samples_stays_suspect),
        cmocka_unit_test(the_helper_is_woken_once_a_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
