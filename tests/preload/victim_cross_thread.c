/*
 * Blocks made in one thread and freed in another, through a ring of slots;
 * a few of each producer stay.
 *
 * expect: verify
 * expect: live produce 200 any
 */
#include "victim.h"

#include <pthread.h>
#include <sched.h>

enum { PAIRS = 2, ROUNDS = 30000, SLOTS = 128, KEPT = 100 };

static void *rings[PAIRS][SLOTS], *kept[PAIRS][KEPT];

static NOINLINE void *produce(int round)
{
    return used(malloc(16 + (size_t)round % 300));
}

static void *producer(void *argument)
{
    int pair = *(int *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        void *expected = NULL, *block = produce(i);
        while (!__atomic_compare_exchange_n(&rings[pair][i % SLOTS], &expected,
                                            block, 0, __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED)) {
            expected = NULL;
            sched_yield();
        }
    }
    for (int i = 0; i < KEPT; i++)
        kept[pair][i] = produce(i);
    return NULL;
}

static void *consumer(void *argument)
{
    int pair = *(int *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        void *block;
        while (!(block = __atomic_exchange_n(&rings[pair][i % SLOTS], NULL,
                                             __ATOMIC_ACQUIRE)))
            sched_yield();
        free(block);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[PAIRS][2];
    int numbers[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i][0], NULL, producer, &numbers[i]);
        pthread_create(&threads[i][1], NULL, consumer, &numbers[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
        pthread_join(threads[i][0], NULL);
        pthread_join(threads[i][1], NULL);
    }
    say("done\n");
    return 0;
}
