/*
 * The last 600 events in a ring of pointers, freed when overwritten.
 *
 * Grows: evenly for four rounds, until the ring is full; then it stands.
 * Not to be flagged: all events die at the same age.
 *
 * EXPECT 8: cache|steady|warming|suspect|unbounded in event_record
 * EXPECT 12: cache|steady|warming in event_record
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#define RING 600

static char *ring[RING];
static unsigned head;

static NOINLINE void event_record(const struct request *request)
{
    char *event = must(malloc(64));
    char **place = &ring[head++ % RING];

    snprintf(event, 64, "%u %u %s", request->number, request->client,
             request->path);
    free(*place);
    *place = event;
}

static void serve(const struct request *request)
{
    if (service_percent(37))
        event_record(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
