/*
 * A C++ runtime in miniature: operator new and delete, by their mangled
 * names, in a library that can be unloaded (libstdc++ never is).
 */
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT void *_Znwm(size_t bytes);
EXPORT void *_Znwm(size_t bytes)
{
    return malloc(bytes);
}

EXPORT void _ZdlPv(void *block);
EXPORT void _ZdlPv(void *block)
{
    free(block);
}
