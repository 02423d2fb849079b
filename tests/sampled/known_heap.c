/*
 * A heap of known sites, kept until the end: what a sampled run estimates.
 * Each function's name ends in its number of blocks and their bytes.
 */
#include <stdlib.h>

#define SITE(count, bytes)                                                     \
    static __attribute__((noinline)) void keep_##count##_##bytes(void)         \
    {                                                                          \
        for (int i = 0; i < count; i++) {                                      \
            void *volatile block = malloc(bytes);                              \
            (void)block;                                                       \
            free(malloc(bytes / 2));                                           \
        }                                                                      \
    }

SITE(40000, 48)
SITE(3000, 1000)
SITE(300, 20000)
SITE(12, 500000)

/* Whatever realloc does, a block counts once, with the size it has now. */
static __attribute__((noinline)) void keep_3000_1600_grown(void)
{
    for (int i = 0; i < 3000; i++) {
        void *volatile block = malloc(100);
        block = realloc(block, 3000);
        block = realloc(block, 400);
        block = realloc(block, 1600);
    }
}

int main(void)
{
    keep_3000_1600_grown();
    keep_40000_48();
    keep_3000_1000();
    keep_300_20000();
    keep_12_500000();
    return 0;
}
