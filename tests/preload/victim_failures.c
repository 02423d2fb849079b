/*
 * Everything that an allocation function may refuse: impossible sizes,
 * products that overflow, bad alignments; with errno as documented and the
 * old block intact after a failed realloc.
 *
 * expect: live survives_a_failed_realloc 1 100
 */
#include "victim.h"

#include <malloc.h>
#include <stdint.h>

#define FAILS(call)                                                            \
    do {                                                                       \
        errno = 0;                                                             \
        void *got = (call);                                                    \
        say("%s: %s, errno %d\n", #call, got ? "a block" : "NULL", errno);     \
        if (got)                                                               \
            free(got);                                                         \
    } while (0)

static NOINLINE char *survives_a_failed_realloc(void)
{
    return used(malloc(100));
}

static void tell_posix_memalign(size_t alignment, size_t bytes)
{
    void *block = (void *)hidden(16);
    errno = 7;
    int error = posix_memalign(&block, alignment, bytes);
    say("posix_memalign(%zu): %d, errno %d\n", alignment, error, errno);
    if (error == 0)
        free(block);
}

int main(void)
{
    const size_t most = hidden(PTRDIFF_MAX), all = hidden(SIZE_MAX);
    char *block = survives_a_failed_realloc();
    memset(block, 'x', 100);
    FAILS(malloc(most));
    FAILS(malloc(most + 1));
    FAILS(malloc(all));
    FAILS(malloc(all - 32));
    FAILS(calloc(most, 1));
    FAILS(calloc(most, 4));
    FAILS(calloc(all / 2, 3));
    FAILS(calloc(all, all));
    FAILS(realloc(NULL, most));
    FAILS(reallocarray(NULL, all / 2, 4));
    FAILS(reallocarray(NULL, all, all));
    FAILS(memalign(64, all - 100));
    FAILS(aligned_alloc(4096, all - 5000));
    FAILS(valloc(all - 5000));
    FAILS(pvalloc(all - 10));
    tell_posix_memalign(hidden(64), all - 100);
    tell_posix_memalign(hidden(3), 100);
    tell_posix_memalign(hidden(4), 100);
    tell_posix_memalign(hidden(0), 100);
    tell_posix_memalign(hidden(8), 100);
    errno = 0;
    CHECK(!realloc(block, most));
    say("realloc: errno %d\n", errno);
    CHECK(!reallocarray(block, most, 8));
    say("reallocarray: errno %d\n", errno);
    for (int i = 0; i < 100; i++)
        CHECK(block[i] == 'x');
    pause_ms(150);
    return 0;
}
