/*
 * A known number of successful calls: 400000 mallocs, 200000 callocs, 300000
 * reallocs, 100000 aligned ones; failing calls and frees do not count.
 *
 * expect: allocated 1000000
 * expect: live count_mallocs 0 0
 * expect: live keep_some 100 10000
 */
#include "victim.h"

#include <stdint.h>

static NOINLINE void count_mallocs(void)
{
    void *blocks[100];
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 100; i++)
            blocks[i] = used(malloc(10 + (size_t)i));
        for (int i = 0; i < 100; i++)
            blocks[i] = used(realloc(blocks[i], 200));
        for (int i = 0; i < 100; i++)
            free(blocks[i]);
        for (int i = 0; i < 100; i++) {
            free(used(malloc(50)));
            free(used(malloc(5000)));
            free(used(calloc(3, 30)));
            free(used(calloc(1, 300)));
            CHECK(posix_memalign(&blocks[i], 64, 100) == 0);
            free(blocks[i]);
        }
    }
    for (int i = 0; i < 100000; i++) {
        void *block = used(realloc(used(malloc(16)), 32));
        free(used(realloc(block, 1000)));
    }
}

static NOINLINE void *keep_some(void)
{
    return used(malloc(100));
}

int main(void)
{
    static void *kept[100];
    count_mallocs();
    for (int i = 0; i < 1000; i++)
        CHECK(!malloc(hidden(PTRDIFF_MAX)) || i < 0);
    for (int i = 0; i < 100; i++)
        kept[i] = keep_some();
    say("counted\n");
    return kept[0] == NULL;
}
