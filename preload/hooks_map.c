/*
 * The mapping functions. What the allocator maps for its blocks and its own
 * tables is not counted twice: only the mark has to know of it, whenever it
 * was mapped.
 */
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/hooks.h"

static bool from_allocator(const void *caller)
{
    uint64_t pc = (uint64_t)caller;
    return pc >= tenure__allocator.start && pc < tenure__allocator.end;
}

/* A reservation without access holds no memory, unless it is the allocator's;
 * it may lie over a mapping that does. */
#define MAPPED(at, bytes, protection)                                          \
    do {                                                                       \
        if ((at) == MAP_FAILED)                                                \
            break;                                                             \
        if (from_allocator(__builtin_return_address(0))) {                     \
            tenure__track_allocator_map((at), (bytes));                        \
        } else if (births()) {                                                 \
            struct tenure__start start_ = {TENURE_START};                      \
            if ((protection) == PROT_NONE)                                     \
                tenure__track_unmap((at), (bytes));                            \
            else                                                               \
                tenure__track_map((at), (bytes), &start_);                     \
        }                                                                      \
    } while (0)

HOOK void *mmap(void *at, size_t bytes, int protection, int flags, int fd,
                off_t offset)
{
    void *mapped = real()->mmap(at, bytes, protection, flags, fd, offset);
    MAPPED(mapped, bytes, protection);
    return mapped;
}

HOOK void *mmap64(void *at, size_t bytes, int protection, int flags, int fd,
                  off_t offset)
{
    void *mapped = real()->mmap64(at, bytes, protection, flags, fd, offset);
    MAPPED(mapped, bytes, protection);
    return mapped;
}

/* Forgotten before it is unmapped, as a block before it is freed. A call
 * that must fail (unaligned) forgets nothing. */
HOOK int munmap(void *at, size_t bytes)
{
    if (bytes > 0 && (uint64_t)at % (uint64_t)getpagesize() == 0 &&
        (deaths() || from_allocator(__builtin_return_address(0))))
        tenure__track_unmap(at, bytes);
    return real()->munmap(at, bytes);
}

/* By the program itself: malloc's own calls do not come by here. */
HOOK void *sbrk(intptr_t by)
{
    void *end = real()->sbrk(by);
    if (end == MAP_FAILED || from_allocator(__builtin_return_address(0)))
        return end;
    if (by > 0 && births()) {
        struct tenure__start start = {TENURE_START};
        tenure__track_map(end, (size_t)by, &start);
    } else if (by < 0 && deaths()) {
        tenure__track_unmap((char *)end + by, (size_t)-by);
    }
    return end;
}

HOOK void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
    void *wanted = NULL;
    if (flags & MREMAP_FIXED) {
        va_list rest;
        va_start(rest, flags);
        wanted = va_arg(rest, void *);
        va_end(rest);
    }
    void *at = real()->mremap(old, old_bytes, bytes, flags, wanted);
    if (at != MAP_FAILED &&
        (deaths() || from_allocator(__builtin_return_address(0))))
        tenure__track_remap(old, old_bytes, at, bytes);
    return at;
}
