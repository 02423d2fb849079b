/* A heap made by hand, for the tests of the mark. */
#ifndef TENURE_TESTS_MARK_HEAP_H
#define TENURE_TESTS_MARK_HEAP_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "agent/mark_index.h"

struct heap {
    struct tenure__mark_block *block;
    uint32_t count, capacity;
    char *memory;
    size_t used, bytes;
};

static inline void heap_open(struct heap *heap, uint32_t blocks, size_t bytes)
{
    heap->block = calloc(blocks, sizeof *heap->block);
    heap->count = 0;
    heap->capacity = blocks;
    heap->used = 0;
    heap->bytes = bytes;
    heap->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static inline void heap_close(struct heap *heap)
{
    free(heap->block);
    munmap(heap->memory, heap->bytes);
}

static inline uint64_t *heap_new(struct heap *heap, size_t bytes)
{
    char *at = heap->memory + heap->used;
    heap->used += bytes + 8 - bytes % 8; /* never adjacent */
    heap->block[heap->count++] = (struct tenure__mark_block){
        .address = (uint64_t)at,
        .bytes = bytes,
        .site = 1,
        .generation = 1,
    };
    return (uint64_t *)at;
}

/* From the last to the first: the index sorts. */
static inline void each(void *self, tenure__mark_visit *visit, void *with)
{
    struct heap *heap = self;
    for (uint32_t i = heap->count; i-- > 0;)
        visit(&heap->block[i], with);
}

static inline struct tenure__mark_source source_of(struct heap *heap)
{
    return (struct tenure__mark_source){each, heap};
}

static inline void each_in_order(void *self, tenure__mark_visit *visit,
                                 void *with)
{
    struct heap *heap = self;
    for (uint32_t i = 0; i < heap->count; i++)
        visit(&heap->block[i], with);
}

/* As the side metadata gives them. */
static inline struct tenure__mark_source source_in_order(struct heap *heap)
{
    return (struct tenure__mark_source){each_in_order, heap};
}

#endif
