/*
 * Destructors of thread-specific data that free, allocate and set their key
 * again, four rounds long; the last blocks of each thread die or stay there.
 *
 * expect: verify
 * expect: live left_by_a_thread 50 1600
 * expect: live own_block 0 0
 */
#include "victim.h"

#include <pthread.h>

enum { THREADS = 50, KEYS = 5 };

static pthread_key_t keys[KEYS];
static int rounds_run;

static NOINLINE void *own_block(size_t bytes)
{
    return used(malloc(bytes));
}

static NOINLINE void *left_by_a_thread(void)
{
    return used(malloc(32));
}

static void again(void *value)
{
    size_t *rounds = value;
    size_t left = *rounds - 1;
    free(rounds);
    __atomic_add_fetch(&rounds_run, 1, __ATOMIC_RELAXED);
    if (left > 0) {
        size_t *next = own_block(24);
        *next = left;
        pthread_setspecific(keys[0], next);
    } else {
        (void)left_by_a_thread();
    }
}

static void *run(void *unused)
{
    (void)unused;
    size_t *rounds = own_block(8);
    *rounds = 4;
    pthread_setspecific(keys[0], rounds);
    for (int i = 1; i < KEYS; i++)
        pthread_setspecific(keys[i], own_block(100));
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_key_create(&keys[0], again);
    for (int i = 1; i < KEYS; i++)
        pthread_key_create(&keys[i], free);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("%d rounds\n", rounds_run);
    pause_ms(150);
    return 0;
}
