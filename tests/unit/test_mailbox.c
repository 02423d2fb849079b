/* Wishes and answers between threads: none is torn, none goes to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "agent/mailbox.h"

enum { LONG_MS = 60000, ASKERS = 4, WISHES = 3000 };

static struct tenure__mailbox box;

static void no_wake(void)
{
}

/* Every part says the same. */
static struct tenure__wish wish_of(uint32_t number)
{
    struct tenure__wish wish = {.trigger = TENURE_TRIGGER_PROGRAM,
                                .kind = number};
    memset(wish.label, (char)number, sizeof wish.label);
    return wish;
}

static bool is_whole(const struct tenure__wish *wish)
{
    for (size_t i = 0; i < sizeof wish->label; i++)
        if (wish->label[i] != (char)wish->kind)
            return false;
    return true;
}

static int open_box(void **state)
{
    (void)state;
    memset(&box, 0, sizeof box);
    return 0;
}

static void a_wish_that_was_given_up_is_not_taken(void **state)
{
    (void)state;
    struct tenure__wish wish = wish_of(1);
    assert_int_equal(tenure__mailbox_ask(&box, &wish, no_wake, LONG_MS, 1),
                     -ETIMEDOUT);
    assert_false(tenure__mailbox_take(&box, &wish));
}

struct asking {
    pthread_t thread;
    uint32_t number, timeout_ms;
    int result;
};

static struct tenure__wish taken[3]; /* by number */
static uint32_t taken_count;

/* As a helper would that is as fast as can be. */
static void take_at_once(void)
{
    assert_true(tenure__mailbox_take(&box, &taken[taken_count]));
    __atomic_fetch_add(&taken_count, 1, __ATOMIC_RELEASE);
}

static void *ask_once(void *with)
{
    struct asking *asking = with;
    struct tenure__wish wish = wish_of(asking->number);
    asking->result = tenure__mailbox_ask(&box, &wish, take_at_once, LONG_MS,
                                         asking->timeout_ms);
    return NULL;
}

static void a_late_answer_is_not_that_of_the_next_wish(void **state)
{
    (void)state;
    struct asking late = {.number = 1, .timeout_ms = 1};
    struct asking next = {.number = 2, .timeout_ms = LONG_MS};
    taken_count = 0;
    ask_once(&late);
    assert_int_equal(late.result, -ETIMEDOUT);
    pthread_create(&next.thread, NULL, ask_once, &next);
    while (__atomic_load_n(&taken_count, __ATOMIC_ACQUIRE) < 2)
        usleep(100);
    assert_int_equal(taken[1].kind, 2);
    tenure__mailbox_answer(&box, &taken[0], 71);
    usleep(2000);
    tenure__mailbox_answer(&box, &taken[1], 72);
    pthread_join(next.thread, NULL);
    assert_int_equal(next.result, 72);
}

static bool stop;

/* Answers with the number in the wish, at once or too late. */
static void *serve(void *torn)
{
    struct tenure__wish wish;
    uint32_t served = 0;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        if (!tenure__mailbox_take(&box, &wish))
            continue;
        if (!is_whole(&wish))
            *(bool *)torn = true;
        if (served++ % 64 == 0)
            usleep(1500);
        tenure__mailbox_answer(&box, &wish, (int)wish.kind);
    }
    return NULL;
}

static void *ask_often(void *with)
{
    struct asking *asking = with;
    for (uint32_t i = 0; i < WISHES && asking->result == 0; i++) {
        uint32_t number = asking->number + i * ASKERS + 1;
        struct tenure__wish wish = wish_of(number);
        int result = tenure__mailbox_ask(&box, &wish, no_wake, LONG_MS, i % 2);
        if (result != (int)number && result != -ETIMEDOUT)
            asking->result = 1;
    }
    return NULL;
}

static void no_wish_is_torn_and_no_answer_is_anothers(void **state)
{
    (void)state;
    pthread_t helper;
    struct asking asking[ASKERS] = {0};
    bool torn = false;
    stop = false;
    pthread_create(&helper, NULL, serve, &torn);
    for (uint32_t i = 0; i < ASKERS; i++) {
        asking[i].number = i;
        pthread_create(&asking[i].thread, NULL, ask_often, &asking[i]);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(asking[i].thread, NULL);
        assert_int_equal(asking[i].result, 0);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(helper, NULL);
    assert_false(torn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_wish_that_was_given_up_is_not_taken, open_box),
        cmocka_unit_test_setup(a_late_answer_is_not_that_of_the_next_wish,
                               open_box),
        cmocka_unit_test_setup(no_wish_is_torn_and_no_answer_is_anothers,
                               open_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
