/*
 * Short threads, each with a cache in thread-local storage.
 *
 * Leaks: thread_cache() allocates on first use and keeps the pointer in a
 * thread-local variable; nothing frees it when the thread ends. Six threads
 * a round.
 * Not to be flagged: thread stacks and the loader's blocks, which are reused.
 *
 * EXPECT: leak in thread_cache
 * EXPECT major: lost in thread_cache
 */
#include "service.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS 6
#define SLOTS 64

static __thread unsigned *cache;

static NOINLINE unsigned *thread_cache(void)
{
    if (!cache)
        cache = must(calloc(SLOTS, sizeof *cache));
    return cache;
}

static void *report(void *argument)
{
    unsigned seed = *(unsigned *)argument;

    for (unsigned i = 0; i < 1000; i++)
        thread_cache()[(seed + i * i) % SLOTS]++;
    free(argument);
    return NULL;
}

static void end_round(unsigned round)
{
    for (unsigned i = 0; i < THREADS; i++) {
        unsigned *argument = must(malloc(sizeof *argument));
        pthread_t thread;

        *argument = round + i;
        pthread_create(&thread, NULL, report, argument);
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.round = end_round});
}
