/*
 * Records of resized blocks: none is handed out twice, none is lost, also
 * when several threads take and give back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "agent/records.h"

#define LIMIT 40000u
#define RACERS 4

static uint8_t taken[LIMIT + 1];

static void take_all(void **state)
{
    (void)state;
    uint32_t index;
    uint32_t count = 0;
    while ((index = tenure__record_take(count)) != 0) {
        assert_true(index <= LIMIT);
        assert_int_equal(taken[index]++, 0);
        tenure__record_at(index)->id = index;
        count++;
    }
    assert_int_equal(count, LIMIT);
    assert_int_equal(tenure__records_count(), LIMIT);
    for (index = 1; index <= LIMIT; index++)
        tenure__record_release(index, index % 7);
    memset(taken, 0, sizeof taken);
}

static void every_record_is_handed_out_once(void **state)
{
    take_all(state);
}

static void what_was_given_back_comes_again(void **state)
{
    take_all(state);
    assert_int_equal(tenure__record_at(1)->id, 0);
}

static void *take_and_give(void *with)
{
    uint32_t stripe = (uint32_t)(uintptr_t)with, mine[100];
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 100; i++) {
            mine[i] = tenure__record_take(stripe);
            if (__atomic_fetch_add(&taken[mine[i]], 1, __ATOMIC_RELAXED))
                return "handed out twice";
        }
        for (int i = 0; i < 100; i++) {
            __atomic_fetch_sub(&taken[mine[i]], 1, __ATOMIC_RELAXED);
            tenure__record_release(mine[i], stripe + (uint32_t)round);
        }
    }
    return NULL;
}

static void threads_never_hold_the_same_record(void **state)
{
    pthread_t thread[RACERS];
    for (uintptr_t i = 0; i < RACERS; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, take_and_give, (void *)i), 0);
    for (int i = 0; i < RACERS; i++) {
        void *complaint;
        pthread_join(thread[i], &complaint);
        assert_null(complaint);
    }
    take_all(state);
}

static int open_records(void **state)
{
    (void)state;
    return tenure__records_open(LIMIT * sizeof(struct tenure__record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_is_handed_out_once),
        cmocka_unit_test(what_was_given_back_comes_again),
        cmocka_unit_test(threads_never_hold_the_same_record),
    };
    return cmocka_run_group_tests(tests, open_records, NULL);
}
