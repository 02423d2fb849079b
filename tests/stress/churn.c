/*
 * Heap comes and goes in several threads while snapshots are taken: no block
 * may be lost or left over.
 *
 * Each thread keeps every hundredth block; prints how many there are.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROUNDS 60
#define BLOCKS 20000
#define BYTES 72

static __attribute__((noinline)) void *kept(void)
{
    void *volatile block = malloc(BYTES);
    return block;
}

static __attribute__((noinline)) void *passing(void)
{
    void *volatile block = malloc(BYTES);
    return block;
}

static void *churn(void *with)
{
    static __thread void *block[BLOCKS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++)
            block[i] = passing();
        for (int i = 0; i < BLOCKS; i++)
            free(block[i]);
        malloc_trim(0);
        free(malloc(5 << 20)); /* a mapping of its own, gone again */
        kept();
    }
    return with;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, churn, NULL) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    printf("%d\n", THREADS * ROUNDS);
    return 0;
}
