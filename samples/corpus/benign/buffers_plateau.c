/*
 * The receive buffers of forty connections, each as large as it ever needed.
 *
 * Grows: by realloc, for most of them in each of the first rounds, up to at
 * most 6000 bytes each.
 * Not to be flagged: old blocks that grew, and do so no more.
 *
 * EXPECT: steady|one-off|pool|warming|suspect in buffer_fit
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 40
#define LARGEST 6000

struct buffer {
    char *bytes;
    size_t size;
};

static struct buffer buffers[CONNECTIONS];

static NOINLINE void buffer_fit(struct buffer *buffer, size_t size)
{
    if (size <= buffer->size)
        return;
    buffer->bytes = must(realloc(buffer->bytes, size));
    buffer->size = size;
}

static void serve(const struct request *request)
{
    struct buffer *buffer = &buffers[request->client % CONNECTIONS];
    size_t length = 50 + service_random(3 * LARGEST);

    /* One message in three is of the largest size that there is. */
    if (length > LARGEST)
        length = length % 3 ? 400 : LARGEST;
    buffer_fit(buffer, length);
    memset(buffer->bytes, 'r', length);
}

static void stop(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        free(buffers[i].bytes);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
