/*
 * The buffer between an encoder and a file, over pwrite(2): the walker and
 * the helper share the file's position, so neither uses it.
 */
#include "agent/stream.h"

#include <errno.h>
#include <string.h>

#include "agent/os.h"

int tenure__write_at(int fd, const void *data, uint64_t bytes, uint64_t at)
{
    const char *from = data;
    while (bytes > 0) {
        long put = tenure__syscall4(SYS_pwrite64, fd, from, bytes, at);
        if (put == -EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? (int)put : -EIO;
        from += put;
        at += (uint64_t)put;
        bytes -= (uint64_t)put;
    }
    return 0;
}

void tenure__stream_open(struct tenure__stream *stream, int fd, uint64_t at)
{
    *stream = (struct tenure__stream){
        .fd = fd, .at = at, .buffer = tenure__os_map(TENURE_STREAM_BYTES)};
    if (stream->buffer == NULL)
        stream->error = -ENOMEM;
}

static void flush(struct tenure__stream *stream)
{
    if (stream->error == 0)
        stream->error = tenure__write_at(stream->fd, stream->buffer,
                                         stream->used, stream->at);
    stream->at += stream->used;
    stream->used = 0;
}

uint8_t *tenure__stream_room(struct tenure__stream *stream, uint32_t bytes)
{
    if (tenure__unlikely(stream->used + bytes > TENURE_STREAM_BYTES))
        flush(stream);
    return tenure__likely(stream->error == 0) ? stream->buffer + stream->used
                                              : NULL;
}

void tenure__stream_pad(struct tenure__stream *stream)
{
    uint32_t bytes = -(uint32_t)tenure__stream_place(stream) & 7;
    uint8_t *room = tenure__stream_room(stream, 8);
    if (room == NULL)
        return;
    memset(room, 0, 8);
    tenure__stream_use(stream, bytes);
}

int tenure__stream_close(struct tenure__stream *stream)
{
    flush(stream);
    if (stream->buffer != NULL)
        tenure__os_unmap(stream->buffer, TENURE_STREAM_BYTES);
    stream->buffer = NULL;
    return stream->error;
}
