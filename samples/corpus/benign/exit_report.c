/*
 * A service that builds a large report while it stops.
 *
 * Grows: at the very end, by 800 lines that nobody frees before the process
 * is gone.
 * Not to be flagged: what lives only at exit is no growth.
 *
 * EXPECT 8: steady|cache|warming|one-off in counters_get
 * EXPECT 12: steady|cache|warming|one-off in counters_get
 * EXPECT exit: steady|one-off|warming in report_build
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES 800

struct line {
    struct line *next;
    char text[96];
};

static unsigned *counters;
static struct line *report;

static NOINLINE unsigned *counters_get(void)
{
    if (!counters)
        counters = must(calloc(64, sizeof *counters));
    return counters;
}

static NOINLINE void report_build(void)
{
    for (unsigned i = 0; i < LINES; i++) {
        struct line *line = must(malloc(sizeof *line));

        snprintf(line->text, sizeof line->text, "client %u: %u requests",
                 i % 64, counters[i % 64]);
        line->next = report;
        report = line;
    }
}

static void serve(const struct request *request)
{
    counters_get()[request->client]++;
}

int main(int argc, char **argv)
{
    return service_run(
        argc, argv, &(struct service){.request = serve, .stop = report_build});
}
