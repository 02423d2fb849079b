/*
 * Reallocs by the hundred thousand in four threads: growing, shrinking,
 * moving, so that one thread gets the address that another one just left.
 *
 * expect: verify
 * expect: live grow_one 64 64000
 */
#include "victim.h"

#include <pthread.h>

enum { THREADS = 4, BLOCKS = 16, ROUNDS = 40000 };

static void *blocks[THREADS][BLOCKS];

static NOINLINE void *grow_one(void *block, size_t bytes)
{
    void *grown = realloc(block, bytes);
    CHECK(grown);
    return used(grown);
}

static void *run(void *mine)
{
    void **own = mine;
    unsigned state = (unsigned)(size_t)mine | 1;
    for (int i = 0; i < ROUNDS; i++) {
        state = state * 1103515245 + 12345;
        int which = (int)(state >> 16) % BLOCKS;
        own[which] = grow_one(own[which], 1 + (state >> 8) % 3000);
        if (i % 7 == 0) {
            free(own[which]);
            own[which] = NULL;
        }
    }
    for (int i = 0; i < BLOCKS; i++)
        own[i] = grow_one(own[i], 1000);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run, blocks[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("done\n");
    return 0;
}
