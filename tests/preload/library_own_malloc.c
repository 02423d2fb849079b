/*
 * Interposes the malloc family as many libraries do: real functions by
 * dlsym(RTLD_NEXT) on the first call, a static buffer for what dlsym asks for
 * meanwhile. It looks for a function that does not exist first, since only a
 * failing dlsym allocates in today's libc, for its message.
 */
#include "victim.h"

#include <dlfcn.h>
#include <malloc.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT size_t own_malloc_calls(void);

static void *(*volatile real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void (*real_free)(void *);

static _Alignas(16) char buffer[16384];
static size_t buffer_used, calls;
static volatile int resolving; /* dlsym is declared as a leaf */

static void *from_buffer(size_t bytes)
{
    size_t at = buffer_used;
    buffer_used += (bytes + 31) & ~(size_t)15;
    if (buffer_used > sizeof buffer)
        abort();
    return buffer + at;
}

static int is_buffer(const void *block)
{
    return (const char *)block >= buffer &&
           (const char *)block < buffer + sizeof buffer;
}

static void resolve(void)
{
    resolving = 1;
    dlsym(RTLD_NEXT, "no_such_allocation_function");
    dlerror();
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    resolving = 0;
}

static int can_call(void)
{
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    if (!real_malloc && !resolving)
        resolve();
    return real_malloc != NULL;
}

EXPORT void *malloc(size_t bytes)
{
    return can_call() ? real_malloc(bytes) : from_buffer(bytes);
}

EXPORT void *calloc(size_t count, size_t bytes)
{
    return can_call() ? real_calloc(count, bytes) : from_buffer(count * bytes);
}

/* Calls malloc by its name, which is the agent's, below the agent's hook. */
EXPORT void *realloc(void *old, size_t bytes)
{
    can_call();
    void *block = malloc(bytes);
    if (old && is_buffer(old)) {
        memcpy(block, old, bytes);
    } else if (old) {
        size_t had = malloc_usable_size(old);
        memcpy(block, old, had < bytes ? had : bytes);
        real_free(old);
    }
    return block;
}

EXPORT void free(void *block)
{
    if (block && !is_buffer(block) && can_call())
        real_free(block);
}

size_t own_malloc_calls(void)
{
    return calls;
}
