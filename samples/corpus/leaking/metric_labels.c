/*
 * Metrics with a label that never repeats.
 *
 * Leaks: 30 % of the requests carry a request id, and metric_get() makes a
 * new time series for each id: a struct, its name and its histogram.
 * Not to be flagged: the series without an id, one for each client.
 *
 * EXPECT: leak in metric_get
 * EXPECT major: leak|unbounded in metric_get
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256

struct metric {
    struct metric *next;
    char *name;
    unsigned *histogram;
};

static struct metric *metrics[BUCKETS];

static NOINLINE struct metric *metric_get(const char *name, unsigned hash)
{
    struct metric **bucket = &metrics[hash % BUCKETS];
    struct metric *metric = *bucket;

    while (metric && strcmp(metric->name, name) != 0)
        metric = metric->next;
    if (!metric) {
        metric = must(malloc(sizeof *metric));
        metric->name = must(strdup(name));
        metric->histogram = must(calloc(10, sizeof *metric->histogram));
        metric->next = *bucket;
        *bucket = metric;
    }
    return metric;
}

static void serve(const struct request *request)
{
    unsigned id = service_percent(30) ? request->number : 0;
    char name[64];

    snprintf(name, sizeof name, "requests{client=%u,id=%u}", request->client,
             id);
    metric_get(name, request->client + id)->histogram[id % 10]++;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
