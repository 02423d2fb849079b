/*
 * Five thousand short threads, at most fifty at a time, named, joined and
 * detached; each leaves one block.
 *
 * expect: major
 * expect: live left_behind 5000 80000
 * expect: live freed_at_once 0 0
 */
#include "victim.h"

#include <pthread.h>

enum { THREADS = 5000, AT_A_TIME = 50 };

static void *left[THREADS];
static int finished;

static NOINLINE void *left_behind(void)
{
    return used(malloc(16));
}

static NOINLINE void freed_at_once(void)
{
    for (int i = 0; i < 20; i++)
        free(used(malloc(200)));
}

static void *run(void *slot)
{
    char name[16];
    snprintf(name, sizeof name, "short-%d", (int)((void **)slot - left) % 100);
    pthread_setname_np(pthread_self(), name);
    freed_at_once();
    *(void **)slot = left_behind();
    __atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
    return NULL;
}

int main(void)
{
    for (int first = 0; first < THREADS; first += AT_A_TIME) {
        pthread_t threads[AT_A_TIME];
        for (int i = 0; i < AT_A_TIME; i++)
            CHECK(pthread_create(&threads[i], NULL, run, &left[first + i]) ==
                  0);
        for (int i = 0; i < AT_A_TIME; i++)
            CHECK((i % 2 ? pthread_join(threads[i], NULL)
                         : pthread_detach(threads[i])) == 0);
    }
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < THREADS)
        pause_ms(1);
    say("%d\n", finished);
    pause_ms(150);
    return 0;
}
