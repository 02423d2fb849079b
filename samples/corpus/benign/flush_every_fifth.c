/*
 * Measurements that are collected for five rounds and then sent.
 *
 * Grows: evenly, from one sending to the next.
 * Not to be flagged: the sending empties the list.
 *
 * EXPECT: cache|steady|backlog|warming|shrinking|suspect in measure
 */
#include "service.h"

#include <stdlib.h>

struct measurement {
    struct measurement *next;
    unsigned client;
    size_t bytes;
};

static struct measurement *measurements;

static NOINLINE void measure(const struct request *request)
{
    struct measurement *measurement = must(malloc(sizeof *measurement));

    measurement->client = request->client;
    measurement->bytes = request->body_length;
    measurement->next = measurements;
    measurements = measurement;
}

static void send_all(void)
{
    while (measurements) {
        struct measurement *next = measurements->next;

        free(measurements);
        measurements = next;
    }
}

static void serve(const struct request *request)
{
    if (request->number % 8 == 0)
        measure(request);
}

static void end_round(unsigned round)
{
    if (round % 5 == 0)
        send_all();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .round = end_round});
}
