/*
 * Memory of a command: taken piece by piece, given back all at once. When
 * the machine has no more, the command ends with one line and status 2.
 */
#ifndef TENURE_REPORT_MEMORY_H
#define TENURE_REPORT_MEMORY_H

#include <stddef.h>

/* Zero it to make an empty one. Not thread-safe. */
struct tenure_arena {
    struct tenure_arena_chunk *chunks;
};

/* `count` zeroed objects of `size` bytes, aligned for any type. */
void *tenure_arena_take(struct tenure_arena *arena, size_t count, size_t size);
/* A copy of `bytes` characters, zero-terminated. */
char *tenure_arena_text(struct tenure_arena *arena, const char *text,
                        size_t bytes);
void tenure_arena_drop(struct tenure_arena *arena);

/* As calloc(), for what outgrows an arena; free() it. */
void *tenure_zeroed(size_t count, size_t size);

/* Makes room in the array at *array for one more than `count`: doubles
 * *room when it is full. Returns the (moved) array; free() it. */
void *tenure_grow(void *array, size_t count, size_t *room, size_t size);

#endif
