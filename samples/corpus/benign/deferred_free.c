/*
 * Nodes that are freed three rounds after they were taken out, when no reader
 * can have a pointer to them any more.
 *
 * Grows: until the first nodes are old enough.
 * Not to be flagged: all of them are freed.
 *
 * EXPECT: cache|steady|warming|backlog|shrinking in route_add
 */
#include "service.h"

#include <stdlib.h>

#define ROUTES 64
#define EPOCHS 4

struct route {
    struct route *retired;
    unsigned hops;
    char name[60];
};

static struct route *routes[ROUTES];
static struct route *retired[EPOCHS];

static NOINLINE struct route *route_add(unsigned hops)
{
    struct route *route = must(calloc(1, sizeof *route));

    route->hops = hops;
    return route;
}

static void route_retire(struct route *route)
{
    struct route **list = &retired[service_round() % EPOCHS];

    if (!route)
        return;
    route->retired = *list;
    *list = route;
}

static void epoch_free(unsigned epoch)
{
    while (retired[epoch]) {
        struct route *next = retired[epoch]->retired;

        free(retired[epoch]);
        retired[epoch] = next;
    }
}

static void serve(const struct request *request)
{
    struct route **place = &routes[request->client];

    if (!service_percent(30))
        return;
    route_retire(*place);
    *place = route_add(request->number);
}

static void end_round(unsigned round)
{
    epoch_free((round + 1) % EPOCHS);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .round = end_round});
}
