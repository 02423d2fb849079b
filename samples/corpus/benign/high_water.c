/*
 * A receive buffer that is as large as the largest message so far.
 *
 * Grows: by realloc, each time a message sets a record; messages get no
 * larger than 60 KB, and by round 4 one of them was.
 * Not to be flagged: the same block grew in several rounds, and stopped.
 *
 * EXPECT: steady|one-off|pool|warming in buffer_reserve
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST 60000

static char *buffer;
static size_t size;

static NOINLINE void buffer_reserve(size_t wanted)
{
    if (wanted <= size)
        return;
    size = wanted;
    buffer = must(realloc(buffer, size));
}

static void serve(const struct request *request)
{
    size_t round = service_round() < 4 ? service_round() : 4;
    size_t length = 100 + service_random((uint32_t)(LARGEST / 4 * round));

    if (round == 4 && request->number % 10 == 0)
        length = LARGEST;
    buffer_reserve(length);
    memset(buffer, 'm', length);
}

static void stop(void)
{
    free(buffer);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
