/*
 * A job runner that passes a new value in the environment to each job.
 *
 * Leaks: setenv() keeps every value it has ever been given, since somebody
 * may hold a pointer to it: harmless for a few values, a leak for a value
 * that never repeats. The blocks are libc's.
 * Not to be flagged: a variable that takes one of two values.
 *
 * EXPECT: leak in job_prepare
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

static NOINLINE void job_prepare(unsigned number)
{
    char value[64];

    snprintf(value, sizeof value, "job-%u-%08x", number, number * 2654435761u);
    setenv("JOB_ID", value, 1);
}

static void serve(const struct request *request)
{
    setenv("JOB_KIND", request->number % 2 ? "odd" : "even", 1);
    if (request->number % 20 == 0)
        job_prepare(request->number);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
