/*
 * A log buffer that grows by realloc and shrinks when it is flushed.
 *
 * Grows: for two rounds at a time, by 30 KB a round; every third round it is
 * flushed and reallocated down to its first size.
 * Not to be flagged: the same old block grows again and again, and shrinks.
 *
 * EXPECT: steady|one-off|pool|cache|warming|shrinking in log_append
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

static char *log_buffer;
static size_t used;
static size_t size;

static NOINLINE void log_append(const char *line, size_t length)
{
    if (used + length > size) {
        size = used + length + 2048;
        log_buffer = must(realloc(log_buffer, size));
    }
    memcpy(log_buffer + used, line, length);
    used += length;
}

static void serve(const struct request *request)
{
    log_append(request->body, 75);
}

static void end_round(unsigned round)
{
    if (round % 3)
        return;
    used = 0;
    size = FIRST_SIZE;
    log_buffer = must(realloc(log_buffer, size));
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .round = end_round});
}
