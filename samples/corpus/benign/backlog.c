/*
 * A queue that its consumer cannot keep up with for three rounds.
 *
 * Grows: in rounds 3 to 5, by 140 jobs each; it drains by as many afterwards
 * and is empty from round 8 on.
 * Not to be flagged: first in, first out, all of it leaves.
 *
 * EXPECT: backlog|steady|cache|shrinking|warming in job_enqueue
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct job {
    struct job *next;
    char *text;
};

static struct job *first;
static struct job **last = &first;

static NOINLINE void job_enqueue(const char *body)
{
    struct job *job = must(malloc(sizeof *job));

    job->text = must(strndup(body, 120));
    job->next = NULL;
    *last = job;
    last = &job->next;
}

static void jobs_run(unsigned count)
{
    while (first && count--) {
        struct job *next = first->next;

        free(first->text);
        free(first);
        first = next;
    }
    if (!first)
        last = &first;
}

static void serve(const struct request *request)
{
    bool busy = service_round() >= 3 && service_round() <= 5;

    job_enqueue(request->body);
    if (!busy)
        jobs_run(request->number % 20 < 7 ? 2 : 1);
    else if (request->number % 20 < 13)
        jobs_run(1);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
