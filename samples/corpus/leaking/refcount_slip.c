/*
 * Counted frames, with one reference too many on the timeout path.
 *
 * Leaks: send_frame() takes a reference for the wire and does not give it
 * back when the peer times out, about six frames a round.
 * Not to be flagged: frames that were acknowledged.
 *
 * EXPECT: leak in frame_new
 * EXPECT major: lost in frame_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct frame {
    unsigned references;
    size_t length;
    char data[900];
};

static NOINLINE struct frame *frame_new(const struct request *request)
{
    struct frame *frame = must(malloc(sizeof *frame));

    frame->references = 1;
    frame->length = strnlen(request->body, sizeof frame->data);
    memcpy(frame->data, request->body, frame->length);
    return frame;
}

static void frame_put(struct frame *frame)
{
    if (--frame->references == 0)
        free(frame);
}

static bool send_frame(struct frame *frame)
{
    frame->references++;
    if (service_random(1000) < 15)
        return false;
    frame_put(frame);
    return true;
}

static void serve(const struct request *request)
{
    struct frame *frame = frame_new(request);

    send_frame(frame);
    frame_put(frame);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
