/*
 * Bytes on their way to a file: a small buffer, written where it belongs
 * when it is full. For what is too large to be gathered first.
 *
 * The first error stays, and nothing is written after it. In the helper
 * thread or the walker; memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_STREAM_H
#define TENURE_AGENT_STREAM_H

#include <stdint.h>

#define TENURE_STREAM_BYTES (256u << 10)

struct tenure__stream {
    int fd;
    int error;   /* 0 or a negative errno value */
    uint64_t at; /* where in the file the buffer goes */
    uint8_t *buffer;
    uint32_t used;
};

/* Begins at this place of the file. Without memory there is an error in it. */
void tenure__stream_open(struct tenure__stream *stream, int fd, uint64_t at);

/* Room for so many bytes (at most a page's), of which the caller then says
 * how many he used; NULL after an error. */
uint8_t *tenure__stream_room(struct tenure__stream *stream, uint32_t bytes);
static inline void tenure__stream_use(struct tenure__stream *stream,
                                      uint32_t bytes)
{
    stream->used += bytes;
}

/* Where in the file the next byte goes. */
static inline uint64_t tenure__stream_place(const struct tenure__stream *stream)
{
    return stream->at + stream->used;
}

/* Zeros up to the next multiple of 8. */
void tenure__stream_pad(struct tenure__stream *stream);

/* Writes what is left, gives the memory back, and says how it went. */
int tenure__stream_close(struct tenure__stream *stream);

/* Writes at a place of the file. 0 or a negative errno value. */
int tenure__write_at(int fd, const void *data, uint64_t bytes, uint64_t at);

#endif
