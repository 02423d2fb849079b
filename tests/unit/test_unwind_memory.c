/*
 * What can be read, and where the thread's own stack is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "agent/unwind_memory.h"

#define PAGE 4096u

static void what_is_mapped_and_readable_can_be_read(void **state)
{
    (void)state;
    char *pages =
        mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    munmap(pages + 2 * PAGE, PAGE);
    assert_true(tenure__memory_readable((uint64_t)pages));
    assert_true(tenure__memory_readable((uint64_t)pages + PAGE - 1));
    assert_false(tenure__memory_readable((uint64_t)pages + PAGE));
    assert_false(tenure__memory_readable((uint64_t)pages + 2 * PAGE));
    assert_false(tenure__memory_readable(0));
    assert_false(tenure__memory_readable(UINT64_MAX));
    munmap(pages, 2 * PAGE);
}

static void asking_changes_neither_signals_nor_errno(void **state)
{
    (void)state;
    sigset_t before, after, all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    errno = 77;
    tenure__memory_readable((uint64_t)&all);
    tenure__memory_readable(1);
    assert_int_equal(errno, 77);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 65; number++)
        assert_int_equal(sigismember(&before, number),
                         sigismember(&after, number));
}

static void *find_home(void *found)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0), low, high;
    *(int *)found =
        tenure__memory_home(here, &low, &high) && low <= here && here < high;
    return NULL;
}

static void every_thread_is_at_home_on_its_stack(void **state)
{
    (void)state;
    int found = 0;
    find_home(&found);
    assert_true(found);
    pthread_t thread;
    found = 0;
    assert_int_equal(pthread_create(&thread, NULL, find_home, &found), 0);
    pthread_join(thread, NULL);
    assert_true(found);
}

static void other_memory_is_not_home(void **state)
{
    (void)state;
    uint64_t low, high;
    char *fiber = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(fiber, MAP_FAILED);
    mprotect(fiber + 15 * PAGE, PAGE, PROT_NONE);
    assert_false(tenure__memory_home((uint64_t)fiber + PAGE, &low, &high));
    munmap(fiber, 16 * PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_mapped_and_readable_can_be_read),
        cmocka_unit_test(asking_changes_neither_signals_nor_errno),
        cmocka_unit_test(every_thread_is_at_home_on_its_stack),
        cmocka_unit_test(other_memory_is_not_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
