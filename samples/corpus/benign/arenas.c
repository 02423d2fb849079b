/*
 * Requests that allocate from arenas, made of chunks that are used again.
 *
 * Grows: in the first round or two, up to the largest number of chunks that
 * were in use at once.
 * Not to be flagged: chunks go back to a list of free ones, never to malloc.
 *
 * EXPECT: steady|one-off|pool|warming|cache in chunk_get
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 4096
#define OPEN 12

struct chunk {
    struct chunk *next;
    size_t used;
    char bytes[CHUNK - 2 * sizeof(size_t)];
};

static struct chunk *unused;
static struct chunk *arenas[OPEN];

static NOINLINE struct chunk *chunk_get(void)
{
    struct chunk *chunk = unused;

    if (chunk)
        unused = chunk->next;
    else
        chunk = must(malloc(sizeof *chunk));
    chunk->used = 0;
    return chunk;
}

static char *arena_alloc(struct chunk **arena, size_t size)
{
    if (!*arena || (*arena)->used + size > sizeof(*arena)->bytes) {
        struct chunk *chunk = chunk_get();

        chunk->next = *arena;
        *arena = chunk;
    }
    (*arena)->used += size;
    return (*arena)->bytes + (*arena)->used - size;
}

static void arena_reset(struct chunk **arena)
{
    while (*arena) {
        struct chunk *next = (*arena)->next;

        (*arena)->next = unused;
        unused = *arena;
        *arena = next;
    }
}

static void serve(const struct request *request)
{
    struct chunk **arena = &arenas[service_random(OPEN)];

    if (service_percent(15))
        arena_reset(arena);
    for (unsigned i = 0; i < 4; i++)
        memset(arena_alloc(arena, request->body_length), 'x',
               request->body_length);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
