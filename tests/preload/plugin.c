/*
 * A plugin for several victims, built more than once with a name of its own
 * for plugin_allocates() and with PLUGIN_FRAME different bytes of stack in each
 * call, so that the same addresses need different unwind rules when one plugin
 * has replaced another.
 */
#include "victim.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *plugin_take(int depth);
EXPORT void plugin_give(void *block);
EXPORT int plugin_frame(void);

static NOINLINE void *plugin_allocates(size_t bytes)
{
    volatile char local[PLUGIN_FRAME];
    local[PLUGIN_FRAME - 1] = 1;
    return used(malloc(bytes + local[PLUGIN_FRAME - 1]));
}

static NOINLINE void *plugin_descends(int depth)
{
    volatile char local[PLUGIN_FRAME * 2 + 8];
    local[0] = (char)depth;
    void *block = depth > 0 ? plugin_descends(depth - 1) : plugin_allocates(99);
    local[1] = local[0];
    return block;
}

void *plugin_take(int depth)
{
    return plugin_descends(depth);
}

void plugin_give(void *block)
{
    free(block);
}

int plugin_frame(void)
{
    return PLUGIN_FRAME;
}
