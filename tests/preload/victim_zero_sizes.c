/*
 * malloc(0), realloc(p, 0), realloc(NULL, n), free(NULL) and their relatives.
 *
 * expect: live nothing_at_all 10 0
 * expect: live gone_by_realloc 0 0
 */
#include "victim.h"

#include <malloc.h>

static NOINLINE void *nothing_at_all(void)
{
    return used(malloc(hidden(0)));
}

static NOINLINE void *gone_by_realloc(size_t bytes)
{
    return used(malloc(bytes));
}

int main(void)
{
    static void *kept[10];
    const size_t none = hidden(0);
    for (int i = 0; i < 10; i++)
        kept[i] = nothing_at_all();
    CHECK(kept[0] && kept[0] != kept[1]);
    say("%zu\n", malloc_usable_size(kept[0]));
    void *block = realloc(gone_by_realloc(100), none);
    say("realloc(p, 0): %s\n", block ? "a block" : "NULL");
    free(block);
    block = reallocarray(gone_by_realloc(100), none, 8);
    say("reallocarray(p, 0, 8): %s\n", block ? "a block" : "NULL");
    free(block);
    free(used(realloc(NULL, 30)));
    free(used(realloc(NULL, none)));
    free(used(calloc(none, 10)));
    free(used(calloc(10, none)));
    free(used(aligned_alloc(64, none)));
    free(used(memalign(64, none)));
    CHECK(posix_memalign(&block, 64, none) == 0);
    free(block);
    free(NULL);
    say("%zu\n", malloc_usable_size(NULL));
    pause_ms(150);
    return 0;
}
