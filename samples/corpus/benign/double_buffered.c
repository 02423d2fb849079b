/*
 * Two generations of a routing table, the old one kept for one round more.
 *
 * Grows: to two tables, then not at all.
 * Not to be flagged: every route survives one snapshot or two and is freed.
 *
 * EXPECT: steady|cache|warming|one-off in routes_build
 */
#include "service.h"

#include <stdlib.h>

#define ROUTES 150

struct table {
    char *routes[ROUTES];
};

static struct table *current;
static struct table *previous;

static NOINLINE struct table *routes_build(unsigned round)
{
    struct table *table = must(malloc(sizeof *table));

    for (unsigned i = 0; i < ROUTES; i++)
        table->routes[i] = service_text(round + i, 30 + i % 40);
    return table;
}

static void routes_free(struct table *table)
{
    if (!table)
        return;
    for (unsigned i = 0; i < ROUTES; i++)
        free(table->routes[i]);
    free(table);
}

static void end_round(unsigned round)
{
    routes_free(previous);
    previous = current;
    current = routes_build(round);
}

static void stop(void)
{
    routes_free(previous);
    routes_free(current);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.round = end_round, .stop = stop});
}
