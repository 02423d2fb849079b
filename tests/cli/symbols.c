/* Keeps 100 blocks by an inlined, a static and an exported function. */
#include <stdlib.h>

void *kept[100];

static inline __attribute__((always_inline)) void *make(int i)
{
    return malloc((size_t)(100 + i % 3)); /* line of make */
}

__attribute__((noinline)) static void fill(void)
{
    for (int i = 0; i < 100; i++)
        kept[i] = make(i); /* line of fill */
    __asm__ volatile("" ::: "memory");
}

__attribute__((visibility("default"), noinline)) void exported(void)
{
    fill(); /* line of exported */
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    exported();
    return 0;
}
