/*
 * A program linked with jemalloc that uses its own functions beside malloc's.
 *
 * expect: live by_mallocx 10 1000
 * expect: live by_rallocx 10 5000
 * expect: live freed_in_all_ways 0 0
 */
#include "victim.h"

#include <jemalloc/jemalloc.h>
#include <stdint.h>

static NOINLINE void *by_mallocx(void)
{
    return used(mallocx(100, MALLOCX_ALIGN(64)));
}

static NOINLINE void *by_rallocx(void)
{
    return used(mallocx(200, 0));
}

static NOINLINE void *freed_in_all_ways(void)
{
    return used(mallocx(100, MALLOCX_ZERO));
}

int main(void)
{
    static void *kept[20];
    for (int i = 0; i < 10; i++) {
        kept[i] = by_mallocx();
        kept[10 + i] = rallocx(by_rallocx(), 500, 0);
        CHECK((uintptr_t)kept[i] % 64 == 0);
        CHECK(sallocx(kept[i], 0) >= 100 && sallocx(kept[10 + i], 0) >= 500);
    }
    for (int i = 0; i < 200; i++) {
        dallocx(freed_in_all_ways(), 0);
        sdallocx(freed_in_all_ways(), 100, 0);
        free(freed_in_all_ways());
        free(used(realloc(freed_in_all_ways(), 1000)));
        void *block = freed_in_all_ways();
        size_t size = xallocx(block, 110, 0, 0);
        CHECK(size >= 100);
        dallocx(block, 0);
        block = freed_in_all_ways();
        block = rallocx(block, 10000, MALLOCX_ALIGN(4096) | MALLOCX_ZERO);
        CHECK(block && (uintptr_t)block % 4096 == 0);
        sdallocx(block, 10000, MALLOCX_ALIGN(4096));
        dallocx(used(malloc(50)), 0);
    }
    say("nallocx %zu %zu\n", nallocx(100, 0), nallocx(100000, 0));
    void *volatile impossible = mallocx(hidden((size_t)1 << 62), 0);
    CHECK(!impossible);
    pause_ms(150);
    return 0;
}
