/*
 * An allocator that may be called from signal handlers: blocks are cut off a
 * large mapping with one atomic addition and never used twice. It stands
 * below the agent like any other.
 */
#include "victim.h"

#include <stdint.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))

enum { HEADER_BYTES = 16 };
static const size_t room_bytes = (size_t)1 << 32;

EXPORT int allocator_is_signal_safe(void);

static char *room;
static size_t room_used;

static char *get_room(void)
{
    char *known = __atomic_load_n(&room, __ATOMIC_ACQUIRE);
    if (known)
        return known;
    char *mapped = mmap(NULL, room_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (__atomic_compare_exchange_n(&room, &known, mapped, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return mapped;
    munmap(mapped, room_bytes);
    return known;
}

static void *cut(size_t alignment, size_t bytes)
{
    if (bytes > room_bytes / 2) {
        errno = ENOMEM;
        return NULL;
    }
    size_t whole = (bytes + HEADER_BYTES + alignment + 15) & ~(size_t)15;
    size_t at = __atomic_fetch_add(&room_used, whole, __ATOMIC_RELAXED);
    if (at + whole > room_bytes) {
        errno = ENOMEM;
        return NULL;
    }
    uintptr_t block = (uintptr_t)get_room() + at + HEADER_BYTES;
    block = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    *(size_t *)(block - HEADER_BYTES) = bytes;
    return (void *)block;
}

EXPORT void *malloc(size_t bytes)
{
    return cut(16, bytes);
}

EXPORT void free(void *block)
{
    (void)block;
}

EXPORT void *calloc(size_t count, size_t bytes)
{
    return bytes && count > SIZE_MAX / bytes ? NULL : cut(16, count * bytes);
}

EXPORT void *realloc(void *old, size_t bytes)
{
    void *block = cut(16, bytes);
    if (old && block) {
        size_t had = *(size_t *)((char *)old - HEADER_BYTES);
        memcpy(block, old, had < bytes ? had : bytes);
    }
    return block;
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    return cut(alignment < 16 ? 16 : alignment, bytes);
}

EXPORT void *memalign(size_t alignment, size_t bytes);
void *memalign(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment, bytes);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    *result = aligned_alloc(alignment, bytes);
    return *result ? 0 : ENOMEM;
}

EXPORT size_t malloc_usable_size(void *block);
size_t malloc_usable_size(void *block)
{
    return block ? *(size_t *)((char *)block - HEADER_BYTES) : 0;
}

int allocator_is_signal_safe(void)
{
    return room != NULL;
}
