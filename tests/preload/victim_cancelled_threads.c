/*
 * Threads that are cancelled while they wait, with cleanup handlers that
 * allocate and free; and threads that leave by pthread_exit from deep calls.
 *
 * expect: major
 * expect: verify
 * expect: live taken_by_a_thread 0 0
 */
#include "victim.h"

#include <pthread.h>

static int cleaned;

static NOINLINE void *taken_by_a_thread(void)
{
    return used(malloc(70));
}

static void clean(void *block)
{
    free(block);
    free(used(malloc(500)));
    __atomic_add_fetch(&cleaned, 1, __ATOMIC_RELAXED);
}

static void *wait_for_ever(void *unused)
{
    void *block = taken_by_a_thread();
    pthread_cleanup_push(clean, block);
    for (;;)
        pause_ms(1000);
    pthread_cleanup_pop(0);
    return unused;
}

static NOINLINE int leave(int depth)
{
    volatile int here = depth;
    if (depth == 0)
        pthread_exit(NULL);
    return here > 0 ? leave(depth - 1) + here : here;
}

static void *leave_deep(void *unused)
{
    void *block = taken_by_a_thread();
    pthread_cleanup_push(clean, block);
    leave(30);
    pthread_cleanup_pop(0);
    return unused;
}

int main(void)
{
    for (int round = 0; round < 20; round++) {
        pthread_t threads[10];
        for (int i = 0; i < 10; i++)
            CHECK(pthread_create(&threads[i], NULL,
                                 i % 2 ? wait_for_ever : leave_deep,
                                 NULL) == 0);
        pause_ms(5);
        for (int i = 1; i < 10; i += 2)
            pthread_cancel(threads[i]);
        for (int i = 0; i < 10; i++) {
            void *result;
            pthread_join(threads[i], &result);
            CHECK((result == PTHREAD_CANCELED) == (i % 2));
        }
    }
    say("cleaned: %s\n", cleaned >= 100 ? "yes" : "no");
    pause_ms(150);
    return 0;
}
