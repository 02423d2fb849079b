/*
 * Four threads make a known number of calls between two snapshots that the
 * program asks for itself: each is counted once, and nothing else is.
 *
 * expect: counted 400000
 * expect: live keep_one 4000 400000
 */
#include "victim.h"

#include "agent/include/tenure.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 20000, EVERY = 20 };

static void *kept[THREADS][ROUNDS / EVERY];
static pthread_barrier_t barrier;

static NOINLINE void *keep_one(void)
{
    return used(malloc(100));
}

/* Five calls a round; one block in twenty rounds stays. */
static void *count(void *mine)
{
    void **own = mine;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        void *block = keep_one();
        free(used(reallocarray(used(calloc(2, 30)), 40, 50)));
        free(used(aligned_alloc(64, 192)));
        free(used(realloc(NULL, 77)));
        if (i % EVERY == 0)
            own[i / EVERY] = block;
        else
            free(block);
    }
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, count, kept[i]) == 0);
    CHECK(tenure_take_snapshot("before") >= 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK(tenure_take_snapshot("after") >= 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("counted\n");
    return 0;
}
