/*
 * A service that subscribes to the event bus again at each reconnect.
 *
 * Leaks: bus_subscribe() is called for every reconnect (4 % of the requests)
 * and nothing ever unsubscribes, so listeners pile up on the bus.
 * Not to be flagged: the events themselves.
 *
 * EXPECT: leak in bus_subscribe
 * EXPECT major: leak|unbounded in bus_subscribe
 */
#include "service.h"

#include <stdlib.h>

struct event {
    unsigned number;
    char text[48];
};

struct listener {
    struct listener *next;
    unsigned client;
    unsigned heard;
};

static struct listener *bus;

static NOINLINE void bus_subscribe(unsigned client)
{
    struct listener *listener = must(malloc(sizeof *listener));

    *listener = (struct listener){.next = bus, .client = client};
    bus = listener;
}

static void bus_publish(const struct event *event)
{
    for (struct listener *l = bus; l; l = l->next)
        l->heard += event->number;
}

static void serve(const struct request *request)
{
    struct event *event = must(malloc(sizeof *event));

    event->number = request->number;
    if (service_percent(4))
        bus_subscribe(request->client);
    bus_publish(event);
    free(event);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
