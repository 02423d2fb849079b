/*
 * Threads that nobody joins.
 *
 * Leaks: task_start() makes three threads a round and drops their handles:
 * each keeps its stack and the loader's block for its thread-local storage.
 * Not to be flagged: the argument, freed by the thread.
 *
 * EXPECT: leak in task_start
 */
#include "service.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static sem_t finished;
static unsigned long total; /* by one thread at a time */

static void *task(void *argument)
{
    total += *(unsigned *)argument;
    free(argument);
    sem_post(&finished);
    return NULL;
}

static NOINLINE void task_start(unsigned number)
{
    unsigned *argument = must(malloc(sizeof *argument));
    pthread_t thread;

    *argument = number;
    if (pthread_create(&thread, NULL, task, argument) != 0)
        exit(70);
    pthread_setname_np(thread, "task");
    sem_wait(&finished);
}

static void start(void)
{
    sem_init(&finished, 0, 0);
}

static void end_round(unsigned round)
{
    for (unsigned i = 0; i < 3; i++)
        task_start(round + i);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.start = start, .round = end_round});
}
