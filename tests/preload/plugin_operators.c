/*
 * A plugin that brings its own C++ runtime along (library_operators.c), and
 * calls the operators as C++ would.
 */
#include "victim.h"

#define EXPORT __attribute__((visibility("default")))

void *_Znwm(size_t bytes);
void _ZdlPv(void *block);

EXPORT void *plugin_new(size_t bytes);
EXPORT void plugin_delete(void *block);

void *plugin_new(size_t bytes)
{
    return used(_Znwm(bytes));
}

void plugin_delete(void *block)
{
    _ZdlPv(block);
}
