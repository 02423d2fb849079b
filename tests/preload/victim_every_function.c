/*
 * Every function that makes a block, called directly or, where today's libc
 * may lack it, by dlsym; each keeps three blocks and frees one.
 *
 * expect: verify
 * expect: live by_malloc 3 300
 * expect: live by_calloc 3 300
 * expect: live by_realloc 3 300
 * expect: live by_reallocarray 3 300
 * expect: live by_posix_memalign 3 300
 * expect: live by_aligned_alloc 3 384
 * expect: live by_memalign 3 300
 * expect: live by_strdup 3 300
 * expect: live freed_by_name 0 0
 */
#include "victim.h"

#include <dlfcn.h>
#include <malloc.h>

static NOINLINE void *by_malloc(void)
{
    return used(malloc(100));
}

static NOINLINE void *by_calloc(void)
{
    return used(calloc(10, 10));
}

static NOINLINE void *by_realloc(void)
{
    return used(realloc(NULL, 100));
}

static NOINLINE void *by_reallocarray(void)
{
    return used(reallocarray(NULL, 4, 25));
}

static NOINLINE void *by_posix_memalign(void)
{
    void *block = NULL;
    CHECK(posix_memalign(&block, 256, 100) == 0);
    return used(block);
}

static NOINLINE void *by_aligned_alloc(void)
{
    return used(aligned_alloc(64, 128));
}

static NOINLINE void *by_memalign(void)
{
    return used(memalign(32, 100));
}

static NOINLINE void *by_strdup(void)
{
    char text[100];
    memset(text, 'x', 99);
    text[99] = 0;
    return used(strdup(text));
}

static NOINLINE void *freed_by_name(void)
{
    return used(aligned_alloc(64, 256));
}

/* The functions that not every libc has: they free, or nothing is there. */
static void free_by_name(const char *name, void *block, int arguments)
{
    void (*one)(void *) = NULL;
    void (*two)(void *, size_t) = NULL;
    void (*three)(void *, size_t, size_t) = NULL;
    void *found = dlsym(RTLD_DEFAULT, name);
    *(void **)&one = *(void **)&two = *(void **)&three = found;
    if (!found)
        free(block);
    else if (arguments == 1)
        one(block);
    else if (arguments == 2)
        two(block, 256);
    else
        three(block, 64, 256);
}

int main(void)
{
    static void *(*const makers[])(void) = {
        by_malloc,         by_calloc,        by_realloc,  by_reallocarray,
        by_posix_memalign, by_aligned_alloc, by_memalign, by_strdup};
    static void *kept[8][3];
    for (size_t i = 0; i < 8; i++) {
        for (int j = 0; j < 3; j++)
            kept[i][j] = makers[i]();
        free(makers[i]());
        CHECK(malloc_usable_size(kept[i][0]) >= 100);
    }
    for (int i = 0; i < 100; i++) {
        free_by_name("cfree", freed_by_name(), 1);
        free_by_name("free_sized", freed_by_name(), 2);
        free_by_name("free_aligned_sized", freed_by_name(), 3);
    }
    say("done\n");
    pause_ms(150);
    return 0;
}
