/*
 * A plugin loaded with RTLD_DEEPBIND calls libc's malloc past the agent; its
 * blocks are freed by the program and those of the program by it.
 *
 * expect: missed any
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
    void *plugin = dlopen(PLUGIN_SMALL, RTLD_NOW | RTLD_DEEPBIND);
    CHECK(plugin);
    *(void **)&take = dlsym(plugin, "plugin_take");
    *(void **)&give = dlsym(plugin, "plugin_give");
    CHECK(take && give);
    for (int i = 0; i < 500; i++) {
        free(take(i % 7));
        give(used(malloc(100)));
        give(used(calloc(1, 1000)));
        give(take(0));
        free(realloc(take(1), 500));
    }
    for (int i = 0; i < 50; i++)
        kept[i] = kept_by_program();
    dlclose(plugin);
    say("done\n");
    pause_ms(150);
    return kept[0] == NULL;
}
