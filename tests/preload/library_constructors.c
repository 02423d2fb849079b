/* A library for victim_constructors: its constructor runs before those of the
 * program, its destructor after. */
#include "victim.h"

void *library_take(void);

static void *block, *kept;

static NOINLINE void *library_block(void)
{
    return used(malloc(77));
}

__attribute__((constructor)) static void arrive(void)
{
    block = used(realloc(NULL, 50));
    kept = library_block();
}

__attribute__((destructor)) static void leave(void)
{
    free(block);
    free(used(malloc(1000)));
    say("library destructor\n");
}

__attribute__((visibility("default"))) void *library_take(void)
{
    return block;
}
