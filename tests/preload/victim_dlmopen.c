/*
 * A plugin in a namespace of its own brings a second libc, whose allocator
 * the agent does not see; blocks stay within their namespace.
 *
 * expect: unseen libvictim_plugin_small.so
 * expect: live kept_by_program 50 500
 */
#include "victim.h"

#include <dlfcn.h>

static NOINLINE void *kept_by_program(void)
{
    return used(malloc(10));
}

int main(void)
{
    static void *kept[50];
    void *(*take)(int) = NULL;
    void (*give)(void *) = NULL;
    void *plugin = dlmopen(LM_ID_NEWLM, PLUGIN_SMALL, RTLD_NOW);
    CHECK(plugin);
    *(void **)&take = dlsym(plugin, "plugin_take");
    *(void **)&give = dlsym(plugin, "plugin_give");
    CHECK(take && give);
    for (int i = 0; i < 500; i++)
        give(take(i % 9));
    for (int i = 0; i < 50; i++)
        kept[i] = kept_by_program();
    dlclose(plugin);
    say("done\n");
    pause_ms(150);
    return kept[0] == NULL;
}
