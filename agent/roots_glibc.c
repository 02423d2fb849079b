/*
 * Which part of an anonymous mapping is glibc's heap.
 *
 * The kernel joins neighbouring mappings, so one may hold a heap and memory
 * of the service side by side. The word before a block tells: a chunk that
 * was mapped for itself (flag 2) has its size there; one of a thread's arena
 * (flag 4) lies in a heap that begins at a multiple of 64 MiB; any other is
 * of the main arena, and then the mapping is taken to be its.
 */
#include "agent/roots_glibc.h"

#include "agent/format/format.h"
#include "agent/helper.h"
#include "agent/modules.h"
#include "agent/roots_index.h"
#include "agent/roots_thread.h"

#define CHUNK_MAPPED 2u
#define CHUNK_OF_ARENA 4u
#define CHUNK_FLAGS 7u
#define ARENA_BYTES (64ull << 20)

static uint64_t word_at(uint64_t address)
{
    return *(const uint64_t *)address;
}

/* The end of an arena's heap within the mapping; 0: there is none at its
 * start. struct heap_info: arena, previous heap, bytes in use, bytes that
 * may be used. */
static uint64_t arena_end(uint64_t start, uint64_t end)
{
    if (start % ARENA_BYTES != 0 || end - start < 4096)
        return 0;
    uint64_t arena = word_at(start), used = word_at(start + 16);
    uint64_t usable = word_at(start + 24);
    if (arena == 0 || used > usable || usable > ARENA_BYTES ||
        used % 4096 != 0 || used == 0)
        return 0;
    return start + usable < end ? start + usable : end;
}

/* Where the part of the heap around a block ends; it begins at *from. */
static uint64_t part_of(uint64_t block, uint64_t start, uint64_t end,
                        uint64_t *from)
{
    uint64_t size = word_at(block - 8);
    if (size & CHUNK_MAPPED) {
        uint64_t chunk = block - 16, before = word_at(chunk);
        *from = chunk - before;
        return chunk + (size & ~(uint64_t)CHUNK_FLAGS);
    }
    *from = start;
    if ((size & CHUNK_OF_ARENA) == 0)
        return end;
    uint64_t heap = block & ~(ARENA_BYTES - 1);
    *from = heap;
    uint64_t to = heap >= start ? arena_end(heap, end) : 0;
    return to > block ? to : heap + ARENA_BYTES;
}

void tenure__glibc_heap(const struct tenure__index *index, uint64_t start,
                        uint64_t end, struct tenure__ranges *heap)
{
    uint64_t arena = arena_end(start, end);
    if (arena != 0)
        tenure__ranges_add(heap, start, arena);
    uint32_t block = tenure__index_from(index, start);
    while (block < index->count) {
        uint64_t from, address = tenure__index_address(index, block);
        if (address >= end || address < start + 16)
            return;
        uint64_t to = part_of(address, start, end, &from);
        if (to <= address || from > address) { /* no chunk of glibc's */
            from = start;
            to = end;
        }
        tenure__ranges_add(heap, from > start ? from : start,
                           to < end ? to : end);
        block = tenure__index_from(index, to);
    }
}

/* struct pthread of glibc 2.4 to 2.40 and on, behind the tid: `joinid`, the
 * thread's own descriptor if it is detached; `flags`; `result`; scheduling
 * policy and priority; `start_routine`, in some module. */
enum { JOINER, FLAGS, RESULT, SCHEDULING, START, RESULT_WORDS };

static bool is_result(uint64_t thread, const uint64_t *word)
{
    bool detached =
        word[JOINER] - (thread - TENURE_PTHREAD_BYTES) <= TENURE_PTHREAD_BYTES;
    return !detached && word[FLAGS] < 65536 &&
           (uint32_t)word[SCHEDULING] < 100 && word[SCHEDULING] >> 32 < 8 &&
           tenure__module_around(word[START]) != TENURE_NONE;
}

/* The kernel has cleared the tid of a thread that has ended; to join it makes
 * that -1. */
uint64_t tenure__glibc_result(uint64_t thread)
{
    int64_t tid = tenure__helper_tid_offset();
    uint64_t at = thread + (uint64_t)tid;
    if (tid == 0 || thread == 0 || *(const uint32_t *)at != 0)
        return 0;
    uint64_t end = thread + TENURE_PTHREAD_BYTES / 2;
    for (at += 8; at + RESULT_WORDS * 8 <= end; at += 8)
        if (is_result(thread, (const uint64_t *)at))
            return at + RESULT * 8;
    return 0;
}
