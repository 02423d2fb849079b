/*
 * Three worker threads that render images for clients.
 *
 * Leaks: when the client has gone in the meantime (5 % of the jobs), worker()
 * drops the image that job_render() made. The stack begins in the thread.
 * Not to be flagged: the jobs and the images that were delivered.
 *
 * EXPECT: leak in job_render
 * EXPECT major: lost in job_render
 */
#include "service.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 3

struct job {
    struct job *next;
    unsigned size;
    bool client_gone;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *queue;   /* under lock */
static unsigned unfinished; /* under lock */
static bool stopping;       /* under lock */
static pthread_t workers[WORKERS];

static NOINLINE char *job_render(const struct job *job)
{
    char *image = must(malloc(job->size));

    memset(image, (int)job->size, job->size);
    return image;
}

static void work_on(struct job *job)
{
    char *image = job_render(job);

    if (!job->client_gone)
        free(image);
    free(job);
}

static void *worker(void *unused)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        struct job *job = queue;

        if (job) {
            queue = job->next;
            pthread_mutex_unlock(&lock);
            work_on(job);
            pthread_mutex_lock(&lock);
            unfinished--;
            pthread_cond_broadcast(&changed);
        } else if (stopping) {
            break;
        } else {
            pthread_cond_wait(&changed, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
    return unused;
}

static void start(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_create(&workers[i], NULL, worker, NULL);
        pthread_setname_np(workers[i], "render");
    }
}

static void serve(const struct request *request)
{
    struct job *job = must(malloc(sizeof *job));

    job->size = 200 + request->client;
    job->client_gone = service_percent(5);
    pthread_mutex_lock(&lock);
    job->next = queue;
    queue = job;
    unfinished++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void end_round(unsigned round)
{
    (void)round;
    pthread_mutex_lock(&lock);
    while (unfinished)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.start = start,
                                         .request = serve,
                                         .round = end_round,
                                         .stop = stop});
}
