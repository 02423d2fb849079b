/*
 * valloc and pvalloc, which not every allocator brings: then libc's own
 * answer, and its blocks belong to libc.
 *
 * expect: live by_valloc 3 300
 * expect: live by_pvalloc 3 any
 */
#include "victim.h"

#include <malloc.h>
#include <stdint.h>

static NOINLINE void *by_valloc(void)
{
    return used(valloc(100));
}

static NOINLINE void *by_pvalloc(void)
{
    return used(pvalloc(100));
}

int main(void)
{
    static void *kept[6];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < 100; i++) {
        free(by_valloc());
        free(by_pvalloc());
    }
    for (int i = 0; i < 3; i++) {
        kept[i] = by_valloc();
        kept[3 + i] = by_pvalloc();
        CHECK((uintptr_t)kept[i] % page == 0);
        CHECK((uintptr_t)kept[3 + i] % page == 0);
        CHECK(malloc_usable_size(kept[3 + i]) >= page);
    }
    say("done\n");
    pause_ms(150);
    return 0;
}
