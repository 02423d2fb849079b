/*
 * Database connections, opened on demand and closed when they were idle.
 *
 * Grows: when a wave of requests needs more connections at once; the wave
 * comes every fourth round, and idle ones are reaped after half a round.
 * Not to be flagged: the few connections that are in use all the time.
 *
 * EXPECT: cache|steady|warming|one-off|backlog|shrinking in connection_open
 */
#include "service.h"

#include <stdlib.h>

#define MOST 48
#define IDLE 200

struct connection {
    unsigned last_used;
    char *input;
    char *output;
};

static struct connection *pool[MOST];

static NOINLINE struct connection *connection_open(void)
{
    struct connection *connection = must(malloc(sizeof *connection));

    connection->input = must(calloc(1, 1024));
    connection->output = must(calloc(1, 2048));
    return connection;
}

static void connection_close(struct connection *connection)
{
    free(connection->input);
    free(connection->output);
    free(connection);
}

static void pool_reap(unsigned now)
{
    for (unsigned i = 0; i < MOST; i++) {
        if (pool[i] && now - pool[i]->last_used > IDLE) {
            connection_close(pool[i]);
            pool[i] = NULL;
        }
    }
}

static void serve(const struct request *request)
{
    bool wave = service_round() % 4 == 2;
    unsigned slot = service_random(wave ? MOST : 8);

    if (!pool[slot])
        pool[slot] = connection_open();
    pool[slot]->last_used = request->number;
    pool[slot]->input[request->client]++;
    if (request->number % 40 == 0)
        pool_reap(request->number);
}

static void stop(void)
{
    for (unsigned i = 0; i < MOST; i++)
        if (pool[i])
            connection_close(pool[i]);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
