/*
 * A housekeeping job that leaves one small record behind each time it runs.
 *
 * Leaks: statistics_close() allocates a summary, links it into a list for a
 * page that was removed long ago, and that is all: one block a round.
 * Not to be flagged: the counters of each round.
 *
 * EXPECT 8: suspect|unbounded|leak in statistics_close
 * EXPECT 12: leak in statistics_close
 */
#include "service.h"

#include <stdlib.h>

#define COUNTERS 64

struct summary {
    struct summary *older;
    unsigned round;
    unsigned long total;
    unsigned busiest;
};

static unsigned *counters;
static struct summary *summaries;

static NOINLINE void statistics_close(unsigned round)
{
    struct summary *summary = must(calloc(1, sizeof *summary));

    summary->round = round;
    for (unsigned i = 0; i < COUNTERS; i++) {
        summary->total += counters[i];
        if (counters[i] > counters[summary->busiest])
            summary->busiest = i;
    }
    summary->older = summaries;
    summaries = summary;
}

static void serve(const struct request *request)
{
    if (!counters)
        counters = must(calloc(COUNTERS, sizeof *counters));
    counters[request->client]++;
}

static void end_round(unsigned round)
{
    statistics_close(round);
    free(counters);
    counters = NULL;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .round = end_round});
}
