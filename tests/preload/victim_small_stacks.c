/*
 * Threads with the smallest stack that pthread_create takes, which allocate,
 * free, reallocate and leave thread-specific data behind.
 *
 * expect: live on_a_small_stack 200 10000
 */
#include "victim.h"

#include <limits.h>
#include <pthread.h>

static pthread_key_t key;
static void *kept[200];

static NOINLINE void *on_a_small_stack(void)
{
    return used(malloc(50));
}

static void *run(void *slot)
{
    *(void **)slot = on_a_small_stack();
    pthread_setspecific(key, used(malloc(30)));
    for (int i = 0; i < 50; i++)
        free(used(realloc(used(calloc(2, 100)), 3000)));
    return NULL;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) ==
          0);
    pthread_key_create(&key, free);
    for (int round = 0; round < 20; round++) {
        pthread_t threads[10];
        for (int i = 0; i < 10; i++)
            CHECK(pthread_create(&threads[i], &attributes, run,
                                 &kept[round * 10 + i]) == 0);
        for (int i = 0; i < 10; i++)
            pthread_join(threads[i], NULL);
    }
    say("done\n");
    pause_ms(150);
    return 0;
}
