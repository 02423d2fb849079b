/* Which memory is a thread's stack, by what glibc has put at its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/helper.h"
#include "agent/modules.h"
#include "agent/roots_thread.h"

struct seen {
    uint64_t here, own, thread_pointer, end;
    struct tenure__range stack;
    bool is_stack;
};

static void *look_at_own(void *with)
{
    struct seen *seen = with;
    pthread_attr_t attributes;
    void *lowest;
    size_t bytes;
    seen->here = (uint64_t)&lowest;
    seen->own = (uint64_t)__builtin_thread_pointer();
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &lowest, &bytes);
    pthread_attr_destroy(&attributes);
    seen->is_stack =
        tenure__thread_stack((uint64_t)lowest, (uint64_t)lowest + bytes,
                             &seen->stack, &seen->thread_pointer);
    seen->end = tenure__thread_end(seen->own, seen->here);
    return NULL;
}

static void a_stack_ends_behind_the_own_block_of_its_thread(void **state)
{
    (void)state;
    struct seen seen = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_at_own, &seen), 0);
    pthread_join(thread, NULL);
    assert_true(seen.is_stack);
    assert_true(seen.stack.start <= seen.here && seen.here < seen.stack.end);
    assert_true(seen.own < seen.stack.end);
    assert_int_equal(seen.end, seen.stack.end);
    /* Not on every machine is it known from outside. */
    if (seen.thread_pointer != 0)
        assert_int_equal(seen.thread_pointer, seen.own);
}

static void memory_of_the_service_is_no_stack(void **state)
{
    (void)state;
    const size_t bytes = 65536;
    struct tenure__range stack;
    uint64_t thread_pointer;
    char *mine = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t start = (uint64_t)mine;
    assert_false(
        tenure__thread_stack(start, start + bytes, &stack, &thread_pointer));
    memset(mine, 0xff, bytes);
    assert_false(
        tenure__thread_stack(start, start + bytes, &stack, &thread_pointer));
    munmap(mine, bytes);
}

static int open_helper(void **state)
{
    (void)state;
    tenure__helper_open(NULL);
    return tenure__modules_refresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_ends_behind_the_own_block_of_its_thread),
        cmocka_unit_test(memory_of_the_service_is_no_stack),
    };
    return cmocka_run_group_tests_name("roots_thread", tests, open_helper,
                                       NULL);
}
