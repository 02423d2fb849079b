/*
 * Thread records: one for each thread that lives, used again when it is
 * gone, and counts whose sum never loses anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/counters.h"
#include "agent/limits.h"
#include "agent/sites.h"
#include "agent/threads.h"

#define RACERS 8
#define ROUNDS 200

static int open_tables(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(1) << 20) || tenure__unwind_open(64, 0))
        return -1;
    return tenure__threads_open();
}

static struct tenure__thread *mine(void)
{
    if (tenure__local.thread == NULL)
        assert_non_null(tenure__thread_take());
    return tenure__local.thread;
}

static void *run_in_a_thread(void *(*body)(void *), void *with)
{
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, body, with), 0);
    pthread_join(thread, &result);
    return result;
}

static struct tenure__thread_counts sum(void)
{
    struct tenure__thread_counts counts;
    struct tenure__unwind_counts unwind;
    tenure__threads_sum(&counts, &unwind);
    return counts;
}

static void a_thread_is_named_and_stands_in_the_call_tree(void **state)
{
    (void)state;
    char name[16];
    struct tenure__node node;
    prctl(PR_GET_NAME, name);
    struct tenure__thread *thread = mine();
    assert_string_equal(thread->name, name);
    assert_int_equal(thread->tid, tenure__os_tid());
    assert_true(tenure__site_get(thread->node, &node));
    assert_int_equal(node.tag, TENURE__NODE_THREAD);
}

static void *take_one(void *to)
{
    *(struct tenure__thread *)to = *mine();
    return tenure__local.thread;
}

static void the_record_of_a_thread_that_ended_is_used_again(void **state)
{
    (void)state;
    struct tenure__thread first, second;
    void *a = run_in_a_thread(take_one, &first);
    assert_int_equal(((struct tenure__thread *)a)->tid, 0);
    void *b = run_in_a_thread(take_one, &second);
    assert_ptr_equal(a, b);
    assert_int_equal(first.index, second.index);
    assert_ptr_not_equal(a, mine());
}

static void *allocate_as_counted(void *unused)
{
    struct tenure__thread *thread = mine();
    thread->counts.allocated_blocks += 3;
    thread->counts.allocated_bytes += 300;
    return unused;
}

static void the_sum_keeps_what_ended_threads_have_counted(void **state)
{
    (void)state;
    struct tenure__thread_counts before = sum();
    for (int i = 0; i < 5; i++)
        run_in_a_thread(allocate_as_counted, NULL);
    allocate_as_counted(NULL);
    struct tenure__thread_counts now = sum();
    assert_int_equal(now.allocated_blocks - before.allocated_blocks, 18);
    assert_int_equal(now.allocated_bytes - before.allocated_bytes, 1800);
}

static void *count_down_as_sampled(void *unused)
{
    struct tenure__thread *thread = mine();
    thread->distance = 1000;
    thread->bytes_left = 400;
    return unused;
}

static void bytes_of_a_countdown_are_in_the_sum_before_it_ends(void **state)
{
    (void)state;
    struct tenure__thread *thread = mine();
    uint64_t before = sum().allocated_bytes;
    count_down_as_sampled(NULL);
    assert_int_equal(sum().allocated_bytes - before, 600);
    thread->distance = thread->bytes_left = 0;
    run_in_a_thread(count_down_as_sampled, NULL);
    assert_int_equal(sum().allocated_bytes - before, 600);
}

static void *take_and_leave(void *unused)
{
    mine()->counts.allocated_blocks++;
    return unused;
}

static void *many_short_threads(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, take_and_leave, NULL) == 0)
            pthread_join(thread, NULL);
    }
    return unused;
}

static void threads_that_come_and_go_together_lose_no_count(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    uint64_t before = sum().allocated_blocks;
    for (int i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, many_short_threads, NULL);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sum().allocated_blocks - before, RACERS * ROUNDS);
}

static void count_living(const struct tenure__thread *thread, void *with)
{
    assert_int_not_equal(thread->tid, 0);
    ++*(int *)with;
}

static void only_living_threads_are_visited(void **state)
{
    (void)state;
    int living = 0;
    mine();
    run_in_a_thread(take_and_leave, NULL);
    tenure__threads_each(count_living, &living);
    assert_int_equal(living, 1);
}

static void a_renamed_thread_is_found_under_its_new_name(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t before = mine()->node;
    prctl(PR_SET_NAME, "renamed");
    tenure__threads_rename();
    assert_string_equal(mine()->name, "renamed");
    assert_int_not_equal(mine()->node, before);
    assert_true(tenure__site_get(mine()->node, &node));
    assert_string_equal(node.name, "renamed");
}

/* In the child: exit status 0 if the counts start over with one thread. */
static int start_over(void)
{
    int living = 0;
    tenure__threads_after_fork();
    struct tenure__thread_counts counts = sum();
    tenure__threads_each(count_living, &living);
    return counts.allocated_blocks == 0 && counts.allocated_bytes == 0 &&
                   living == 1 && mine()->tid == tenure__os_tid()
               ? 0
               : 1;
}

static int status_of_child(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_forked_child_starts_over_with_one_thread(void **state)
{
    (void)state;
    allocate_as_counted(NULL);
    assert_int_equal(status_of_child(start_over), 0);
}

static int take_beyond_the_limit(void)
{
    uint32_t taken = 0;
    uint64_t before = tenure__counter[TENURE_VALUE_DROPPED_NO_THREAD];
    while (taken <= TENURE_THREADS_MAX && tenure__thread_take() != NULL)
        taken++;
    if (taken == 0 || taken > TENURE_THREADS_MAX)
        return 1;
    /* The sum and the walk hold still at the limit. */
    int living = 0;
    sum();
    tenure__threads_each(count_living, &living);
    return tenure__counter[TENURE_VALUE_DROPPED_NO_THREAD] == before + 1 ? 0
                                                                         : 2;
}

static void beyond_the_limit_threads_are_counted_as_dropped(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(take_beyond_the_limit), 0);
}

static int take_without_memory(void)
{
    struct rlimit none = {1, 1};
    for (int i = 0; i < RACERS + 1; i++)
        tenure__thread_take(); /* those that are free */
    setrlimit(RLIMIT_AS, &none);
    uint64_t before = tenure__counter[TENURE_VALUE_DROPPED_NO_THREAD];
    if (tenure__thread_take() != NULL)
        return 1;
    return tenure__counter[TENURE_VALUE_DROPPED_NO_THREAD] == before + 1 ? 0
                                                                         : 2;
}

static void a_thread_without_memory_for_a_record_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(take_without_memory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_named_and_stands_in_the_call_tree),
        cmocka_unit_test(the_record_of_a_thread_that_ended_is_used_again),
        cmocka_unit_test(the_sum_keeps_what_ended_threads_have_counted),
        cmocka_unit_test(bytes_of_a_countdown_are_in_the_sum_before_it_ends),
        cmocka_unit_test(threads_that_come_and_go_together_lose_no_count),
        cmocka_unit_test(only_living_threads_are_visited),
        cmocka_unit_test(a_renamed_thread_is_found_under_its_new_name),
        cmocka_unit_test(a_forked_child_starts_over_with_one_thread),
        cmocka_unit_test(beyond_the_limit_threads_are_counted_as_dropped),
        cmocka_unit_test(a_thread_without_memory_for_a_record_is_dropped),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
