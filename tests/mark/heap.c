/*
 * A heap of many small blocks, for measuring how long a mark takes.
 *
 *   heap BLOCKS BYTES THREADS
 *
 * Under the agent three snapshots are taken; built with LeakSanitizer it
 * checks three times and prints the milliseconds each took.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/include/tenure.h"

#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

struct block {
    struct block *next, *other;
};

static struct block *volatile first;

static void *idle(void *with)
{
    for (;;)
        pause();
    return with;
}

static void fill(long blocks, size_t bytes)
{
    struct block *head = NULL, **all = calloc((size_t)blocks, sizeof *all);
    for (long i = 0; i < blocks; i++) {
        struct block *block = malloc(bytes);
        memset(block, 1, bytes);
        block->next = head;
        block->other = all[rand() % (i + 1)];
        all[i] = head = block;
    }
    first = head;
    free(all);
}

static void check(void)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
#ifdef WITH_LSAN
    __lsan_do_recoverable_leak_check();
#else
    tenure_take_snapshot(NULL);
#endif
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.0f ms\n", (double)(to.tv_sec - from.tv_sec) * 1e3 +
                            (double)(to.tv_nsec - from.tv_nsec) / 1e6);
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    fill(atol(words[1]), (size_t)atol(words[2]));
    for (int i = 1; i < atoi(words[3]); i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, idle, NULL);
    }
    usleep(100000);
    for (int i = 0; i < 3; i++)
        check();
    fflush(stdout);
    _exit(0);
}
