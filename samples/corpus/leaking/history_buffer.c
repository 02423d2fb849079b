/*
 * An audit trail kept in one string that only ever gets longer.
 *
 * Leaks: history_append() reallocs the same buffer for every request, some
 * 20 KB a round; there is never more than one block.
 * Not to be flagged: the formatted lines, freed at once.
 *
 * EXPECT: grown in history_append
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *history;
static size_t history_length;

static NOINLINE void history_append(const char *line)
{
    size_t more = strlen(line);

    history = must(realloc(history, history_length + more + 1));
    memcpy(history + history_length, line, more + 1);
    history_length += more;
}

static void serve(const struct request *request)
{
    char *line = NULL;

    if (asprintf(&line, "%08u client %2u asked for %-16s and got it\n",
                 request->number, request->client, request->path) < 0)
        exit(70);
    history_append(line);
    free(line);
}

static void stop(void)
{
    free(history);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
