/*
 * A server that forgets the connection when the peer hangs up.
 *
 * Leaks: connection_close() clears the slot but never frees the struct it
 * pointed to, one for every connection.
 * Not to be flagged: the input buffer, which is freed.
 *
 * EXPECT: leak in connection_open
 * EXPECT major: lost in connection_open
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 32

struct connection {
    unsigned client;
    char *input;
    char peer[120];
};

static struct connection *slots[SLOTS];

static NOINLINE struct connection *connection_open(unsigned client)
{
    struct connection *connection = must(calloc(1, sizeof *connection));

    connection->client = client;
    return connection;
}

static NOINLINE void connection_read(struct connection *connection,
                                     const char *body)
{
    free(connection->input);
    connection->input = must(strdup(body));
}

static void connection_close(unsigned slot)
{
    free(slots[slot]->input);
    slots[slot] = NULL;
}

static void serve(const struct request *request)
{
    unsigned slot = request->number % SLOTS;

    if (slots[slot])
        connection_close(slot);
    slots[slot] = connection_open(request->client);
    connection_read(slots[slot], request->body);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
