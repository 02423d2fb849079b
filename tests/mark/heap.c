/*
 * A heap of many small blocks, for measuring how long a mark takes.
 *
 *   heap BLOCKS BYTES THREADS        BYTES from 24
 *
 * Three times, prints the milliseconds each took: under the agent it takes
 * a snapshot, built with LeakSanitizer it checks (and prints the processor
 * time of the process that stops the threads and marks), with neither it
 * forks. Each block is written to before each, as a service would.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/include/tenure.h"

#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

struct block {
    struct block *next, *other;
    uint64_t writes;
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

static double clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A fork makes pages that were written to since the last one take longer. */
static void write_to_all(void)
{
    for (struct block *block = first; block != NULL; block = block->next)
        block->writes++;
}

#ifdef WITH_LSAN
static double children_ms(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static void check(void)
{
    double from = clock_ms(), stopped = children_ms();
    __lsan_do_recoverable_leak_check();
    printf("%.0f ms, of which %.0f stopped and marking\n", clock_ms() - from,
           children_ms() - stopped);
}
#else
static void check(void)
{
    double from = clock_ms();
    if (tenure_snapshot != NULL) {
        tenure_snapshot(NULL);
        printf("%.0f ms\n", clock_ms() - from);
        return;
    }
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    printf("%.1f ms\n", clock_ms() - from);
    waitpid(child, NULL, 0);
}
#endif

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
    for (int i = 0; i < 3; i++) {
        write_to_all();
        check();
    }
    fflush(stdout);
    _exit(0);
}
