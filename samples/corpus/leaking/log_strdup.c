/*
 * A logger that duplicates each line for a sink that drops some of them.
 *
 * Leaks: sink_write() returns early for debug lines (20 %) and does not free
 * the duplicate that log_format() made for it.
 * Not to be flagged: the formatted line itself and the duplicates written.
 *
 * EXPECT: leak in log_format
 * EXPECT major: lost in log_format
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum level { DEBUG, INFO };

static unsigned long written;

static NOINLINE char *log_format(const struct request *request)
{
    char *line = NULL;
    char *copy;

    if (asprintf(&line, "client %u: %s, %zu bytes", request->client,
                 request->path, request->body_length) < 0)
        exit(70);
    copy = must(strdup(line));
    free(line);
    return copy;
}

static void sink_write(enum level level, char *line)
{
    if (level == DEBUG)
        return;
    written += strlen(line);
    free(line);
}

static void serve(const struct request *request)
{
    sink_write(service_percent(20) ? DEBUG : INFO, log_format(request));
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
