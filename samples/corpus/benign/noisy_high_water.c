/*
 * A pool of buffers that is as large as the most that were in use at once.
 *
 * Grows: by some buffers, whenever a round is busier than all before it: a
 * new record becomes rarer with every round.
 * Not to be flagged: buffers are used again, not freed.
 *
 * EXPECT: steady|warming|pool|one-off|cache|suspect in buffer_get
 */
#include "service.h"

#include <stdlib.h>

struct buffer {
    struct buffer *next;
    char bytes[1000];
};

static struct buffer *unused;
static struct buffer *used;

static NOINLINE void buffer_get(void)
{
    struct buffer *buffer = unused;

    if (buffer)
        unused = buffer->next;
    else
        buffer = must(malloc(sizeof *buffer));
    buffer->bytes[0] = 'b';
    buffer->next = used;
    used = buffer;
}

static void buffers_give_back(void)
{
    while (used) {
        struct buffer *next = used->next;

        used->next = unused;
        unused = used;
        used = next;
    }
}

static void serve(const struct request *request)
{
    (void)request;
    if (service_percent(3))
        buffers_give_back();
    buffer_get();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
