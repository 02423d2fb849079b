/*
 * An arena of chunks, and growing arrays. Both end the process on exhaustion:
 * a reporter without memory has nothing better to do than to say so.
 */
#include "report/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/message.h"

enum { CHUNK_BYTES = 256 * 1024 };

struct tenure_arena_chunk {
    struct tenure_arena_chunk *next;
    size_t used, room;
    alignas(max_align_t) char data[];
};

static void *must(void *memory)
{
    if (!memory)
        exit(
            tenure_complain("out of memory; give fewer snapshots or use a "
                            "machine with more"));
    return memory;
}

void *tenure_arena_take(struct tenure_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        must(NULL);
    size_t align = alignof(max_align_t);
    bytes = (bytes + align - 1) / align * align;
    struct tenure_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->room - chunk->used < bytes) {
        size_t room = bytes > CHUNK_BYTES / 4 ? bytes : CHUNK_BYTES;
        struct tenure_arena_chunk *fresh =
            must(calloc(1, sizeof *fresh + room));
        fresh->room = room;
        /* A large piece fills its own chunk; keep taking from the old one. */
        if (chunk && room == bytes) {
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            arena->chunks = fresh;
        }
        chunk = fresh;
    }
    void *taken = chunk->data + chunk->used;
    chunk->used += bytes;
    return taken;
}

char *tenure_arena_text(struct tenure_arena *arena, const char *text,
                        size_t bytes)
{
    char *copy = tenure_arena_take(arena, bytes + 1, 1);
    memcpy(copy, text, bytes);
    return copy;
}

void tenure_arena_drop(struct tenure_arena *arena)
{
    for (struct tenure_arena_chunk *at = arena->chunks; at;) {
        struct tenure_arena_chunk *next = at->next;
        free(at);
        at = next;
    }
    arena->chunks = NULL;
}

void *tenure_zeroed(size_t count, size_t size)
{
    return must(calloc(count, size));
}

void *tenure_grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 64;
    return must(reallocarray(array, *room, size));
}
