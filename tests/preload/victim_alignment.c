/*
 * Every function returns blocks as aligned and as usable as before, for all
 * sizes and alignments, and calloc's are zero.
 *
 * expect: live take_one 0 0
 */
#include "victim.h"

#include <malloc.h>
#include <stdint.h>

static size_t page_bytes;

static NOINLINE void *take_one(int how, size_t alignment, size_t bytes)
{
    void *block = NULL;
    switch (how) {
    case 0:
        return malloc(bytes);
    case 1:
        return calloc(1, bytes);
    case 2:
        return realloc(malloc(8), bytes);
    case 3:
        return memalign(alignment, bytes);
    case 4:
        return aligned_alloc(alignment, bytes);
    case 5:
        return posix_memalign(&block, alignment, bytes) ? NULL : block;
    default:
        return valloc(bytes);
    }
}

static void check_one(int how, size_t alignment, size_t bytes)
{
    static const char zeros[70000];
    char *block = used(take_one(how, alignment, bytes));
    size_t plain = bytes < 16 ? 8 : 16;
    size_t due = how < 3 ? plain : how < 6 ? alignment : page_bytes;
    CHECK(block && (uintptr_t)block % due == 0);
    CHECK(malloc_usable_size(block) >= bytes);
    CHECK(how != 1 || memcmp(block, zeros, bytes) == 0);
    memset(block, 0xaa, malloc_usable_size(block));
    free(block);
}

int main(void)
{
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    for (int how = 0; how < 7; how++) {
        for (size_t bytes = 1; bytes < 3000; bytes += 7)
            check_one(how, 16, bytes);
        for (size_t bytes = 3000; bytes < 70000; bytes += 4999)
            for (size_t alignment = 8; alignment <= 65536; alignment *= 2)
                check_one(how, alignment, bytes);
    }
    say("aligned\n");
    pause_ms(150);
    return 0;
}
