/*
 * A service where a leaking feature is switched on in the fourth round.
 *
 * Leaks: from then on trace_begin() makes a span for one request in eight
 * that nobody ends.
 * Not to be flagged: the spans that are ended, and the switch itself.
 *
 * EXPECT 8: suspect|unbounded|leak in trace_begin
 * EXPECT 12: leak in trace_begin
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct span {
    struct span *open;
    unsigned request;
    char name[56];
};

static struct span *spans;

static NOINLINE struct span *trace_begin(const struct request *request)
{
    struct span *span = must(malloc(sizeof *span));

    span->request = request->number;
    strncpy(span->name, request->path, sizeof span->name);
    return span;
}

static void trace_end(struct span *span)
{
    free(span);
}

static void serve(const struct request *request)
{
    struct span *span;

    if (service_round() < 4)
        return;
    span = trace_begin(request);
    if (service_random(8) == 0) {
        span->open = spans;
        spans = span;
    } else {
        trace_end(span);
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
