/*
 * A pool that starts one more thread in each round until it has five.
 *
 * Grows: by a worker struct and its scratch buffer per thread, besides the
 * thread's stack, through round 5; then it stands.
 * Not to be flagged: growth that has stopped is no leak.
 *
 * EXPECT 8: warming|pool|one-off|steady|suspect in worker_start
 * EXPECT 12: warming|pool|one-off|steady in worker_start
 */
#include "service.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#define WORKERS 5
#define SCRATCH 2048

struct worker {
    pthread_t thread;
    sem_t work;
    sem_t done;
    bool stop;
    unsigned char *scratch;
};

static struct worker *workers[WORKERS];
static unsigned count;

static void *worker_main(void *argument)
{
    struct worker *worker = argument;

    for (;;) {
        char *letter;

        sem_wait(&worker->work);
        if (worker->stop)
            return NULL;
        letter = must(malloc(300));
        letter[0] = 'l';
        worker->scratch[0]++;
        free(letter);
        sem_post(&worker->done);
    }
}

static NOINLINE void worker_start(void)
{
    struct worker *worker = must(calloc(1, sizeof *worker));

    worker->scratch = must(calloc(1, SCRATCH));
    sem_init(&worker->work, 0, 0);
    sem_init(&worker->done, 0, 0);
    pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_setname_np(worker->thread, "pool");
    workers[count++] = worker;
}

static void serve(const struct request *request)
{
    struct worker *worker;

    if (count < WORKERS && count < service_round())
        worker_start();
    worker = workers[request->number % count];
    sem_post(&worker->work);
    sem_wait(&worker->done);
}

static void stop(void)
{
    for (unsigned i = 0; i < count; i++) {
        workers[i]->stop = true;
        sem_post(&workers[i]->work);
        pthread_join(workers[i]->thread, NULL);
        free(workers[i]->scratch);
        free(workers[i]);
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
