/*
 * CPU time of a malloc/free pair at a given stack depth.
 *
 *   pairs DEPTH THREADS WAYS SECONDS
 *
 * Each thread stands DEPTH - 4 calls deep and goes down the last four in one
 * of WAYS (1 to 256) ways, drawn anew for each pair: with 1 as a loop does
 * that fills a table, with 256 as a parser does. Prints nanoseconds of CPU
 * time, of the whole process, per pair.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone))

enum { RING = 64, BATCH = 4096, TAIL = 4 };

struct worker {
    pthread_t thread;
    int depth;
    uint64_t pairs;
    uint32_t random, ways;
    void *ring[RING];
};

static volatile int stop;

static NOINLINE void allocate(struct worker *worker, uint32_t way)
{
    void **slot = &worker->ring[worker->pairs % RING];
    free(*slot);
    *slot = malloc(16 + way % 240);
    worker->pairs++;
}

/* Four functions at each of four levels, every one with its own frame. */
#define STEP(name, bytes, next0, next1, next2, next3)                          \
    static NOINLINE void name(struct worker *worker, uint32_t way)             \
    {                                                                          \
        volatile char local[bytes];                                            \
        local[0] = (char)way;                                                  \
        switch (way >> local[0] * 0 & 3) {                                     \
        case 0:                                                                \
            next0(worker, way >> 2);                                           \
            break;                                                             \
        case 1:                                                                \
            next1(worker, way >> 2);                                           \
            break;                                                             \
        case 2:                                                                \
            next2(worker, way >> 2);                                           \
            break;                                                             \
        default:                                                               \
            next3(worker, way >> 2);                                           \
        }                                                                      \
        local[1] = local[0];                                                   \
    }

#define LEVEL(a, b, c, d, next0, next1, next2, next3)                          \
    STEP(a, 16, next0, next1, next2, next3)                                    \
    STEP(b, 48, next0, next1, next2, next3)                                    \
    STEP(c, 24, next0, next1, next2, next3)                                    \
    STEP(d, 96, next0, next1, next2, next3)

LEVEL(leaf0, leaf1, leaf2, leaf3, allocate, allocate, allocate, allocate)
LEVEL(low0, low1, low2, low3, leaf0, leaf1, leaf2, leaf3)
LEVEL(high0, high1, high2, high3, low0, low1, low2, low3)

static NOINLINE void run_batch(struct worker *worker)
{
    for (int i = 0; i < BATCH; i++) {
        worker->random = worker->random * 1664525 + 1013904223;
        uint32_t way = (worker->random >> 16) % worker->ways;
        switch (way & 3) {
        case 0:
            high0(worker, way >> 2);
            break;
        case 1:
            high1(worker, way >> 2);
            break;
        case 2:
            high2(worker, way >> 2);
            break;
        default:
            high3(worker, way >> 2);
        }
    }
}

static NOINLINE int descend(struct worker *worker, int left)
{
    volatile int here = left;
    if (left > 0)
        return descend(worker, left - 1) + here;
    while (!stop)
        run_batch(worker);
    return here;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    descend(worker, worker->depth > TAIL + 3 ? worker->depth - TAIL - 3 : 0);
    for (int i = 0; i < RING; i++)
        free(worker->ring[i]);
    return NULL;
}

static double cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    static struct worker workers[64];
    if (argc != 5) {
        fprintf(stderr, "usage: pairs DEPTH THREADS WAYS SECONDS\n");
        return 2;
    }
    int threads = atoi(argv[2]);
    int ways = atoi(argv[3]);
    double seconds = atof(argv[4]);
    if (threads < 1 || threads > 64 || ways < 1 || ways > 256)
        return 2;
    double start = cpu_ns();
    for (int i = 0; i < threads; i++) {
        workers[i].depth = atoi(argv[1]);
        workers[i].random = (uint32_t)i + 1;
        workers[i].ways = (uint32_t)ways;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 1;
    }
    struct timespec time = {(time_t)seconds,
                            (long)((seconds - (double)(long)seconds) * 1e9)};
    nanosleep(&time, NULL);
    stop = 1;
    uint64_t pairs = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        pairs += workers[i].pairs;
    }
    printf("%.1f\n", (cpu_ns() - start) / (double)pairs);
    return 0;
}
