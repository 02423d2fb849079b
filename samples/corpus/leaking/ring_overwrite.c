/*
 * The last 64 events in a ring of pointers.
 *
 * Leaks: event_record() stores the new event over the old pointer without
 * freeing what it pointed to.
 * Not to be flagged: the rendered view of the ring.
 *
 * EXPECT: leak in event_record
 * EXPECT major: lost in event_record
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING 64

static char *ring[RING];
static unsigned head;

static NOINLINE void event_record(const struct request *request)
{
    char *event = must(malloc(48));

    snprintf(event, 48, "%u %u %s", request->number, request->client,
             request->path);
    ring[head++ % RING] = event;
}

static void ring_view(void)
{
    char *view = must(calloc(RING, 49));

    for (unsigned i = 0; i < RING; i++)
        if (ring[i])
            strcat(strcat(view, ring[i]), "\n");
    free(view);
}

static void serve(const struct request *request)
{
    event_record(request);
    if (request->number % 100 == 0)
        ring_view();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
