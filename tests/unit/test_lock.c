/*
 * The lock of the agent's slow paths, and waiting for a word to change:
 * between threads, and at their time limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "agent/lock.h"

#define RACERS 4
#define ROUNDS 20000
#define LONG_MS 60000u /* never reached but in a broken build */

static void a_free_lock_is_taken_at_once(void **state)
{
    (void)state;
    struct tenure__lock lock = {0};
    assert_true(tenure__lock_take(&lock, 0));
    tenure__lock_give(&lock);
    assert_int_equal(lock.word, 0);
}

static void a_held_lock_is_not_taken_within_its_time(void **state)
{
    (void)state;
    struct tenure__lock lock = {0};
    assert_true(tenure__lock_take(&lock, 0));
    assert_false(tenure__lock_take(&lock, 0));
    assert_false(tenure__lock_take(&lock, 5));
    tenure__lock_give(&lock);
    assert_true(tenure__lock_take(&lock, 0));
}

static struct tenure__lock shared;
static uint64_t guarded;

static void *count_under_the_lock(void *failed)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!tenure__lock_take(&shared, LONG_MS))
            return failed;
        guarded++;
        tenure__lock_give(&shared);
    }
    return NULL;
}

static void one_thread_at_a_time_is_inside(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    for (int i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, count_under_the_lock, &shared);
    for (int i = 0; i < RACERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(guarded, RACERS * ROUNDS);
    assert_int_equal(shared.word, 0);
}

static void waiting_for_a_word_that_has_changed_returns_at_once(void **state)
{
    (void)state;
    uint32_t word = 2;
    tenure__wait(&word, 1, LONG_MS);
}

static void waiting_ends_when_its_time_is_over(void **state)
{
    (void)state;
    uint32_t word = 1;
    tenure__wait(&word, 1, 5);
    assert_int_equal(word, 1);
}

static uint32_t signal_word;

static void *change_and_wake(void *unused)
{
    __atomic_store_n(&signal_word, 1, __ATOMIC_RELEASE);
    tenure__wake(&signal_word);
    return unused;
}

static void a_waiter_is_woken_by_the_change_it_waits_for(void **state)
{
    (void)state;
    pthread_t thread;
    pthread_create(&thread, NULL, change_and_wake, NULL);
    while (__atomic_load_n(&signal_word, __ATOMIC_ACQUIRE) == 0)
        tenure__wait(&signal_word, 0, LONG_MS);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_lock_is_taken_at_once),
        cmocka_unit_test(a_held_lock_is_not_taken_within_its_time),
        cmocka_unit_test(one_thread_at_a_time_is_inside),
        cmocka_unit_test(waiting_for_a_word_that_has_changed_returns_at_once),
        cmocka_unit_test(waiting_ends_when_its_time_is_over),
        cmocka_unit_test(a_waiter_is_woken_by_the_change_it_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
