/*
 * Forty long connections, each with a history that is never cut.
 *
 * Leaks: history_add() makes one of forty buffers longer with every request.
 * No block is born after the start; all of them grow, slowly.
 * Not to be flagged: the entry before it is copied.
 *
 * EXPECT: grown in history_add
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 40

struct history {
    char *text;
    size_t length;
};

static struct history histories[CONNECTIONS];

static NOINLINE void history_add(struct history *history, const char *text)
{
    size_t more = strlen(text);

    history->text = must(realloc(history->text, history->length + more));
    memcpy(history->text + history->length, text, more);
    history->length += more;
}

static void serve(const struct request *request)
{
    char *entry = must(strndup(request->body, 120));

    history_add(&histories[request->client % CONNECTIONS], entry);
    free(entry);
}

static void stop(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        free(histories[i].text);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
