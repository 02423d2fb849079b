/*
 * A library that is loaded and unloaded all the time, in two builds whose
 * functions lie at the same addresses and have frames of different sizes: a
 * rule remembered from the one is wrong for the other.
 */
#include <string.h>

#include "plugin.h"

__attribute__((noinline)) static int inner(plugin_callback *callback, int depth)
{
    volatile char frame[PLUGIN_FRAME_BYTES];
    frame[0] = 0;
    int result = depth ? inner(callback, depth - 1) : callback();
    return result + frame[0];
}

int plugin_run(plugin_callback *callback, int depth)
{
    volatile char frame[2 * PLUGIN_FRAME_BYTES];
    frame[0] = 0;
    return inner(callback, depth) + frame[0];
}
