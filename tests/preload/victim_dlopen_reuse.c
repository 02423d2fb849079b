/*
 * Two plugins linked for the same address come and go in turns while four
 * threads allocate; each has its own stack layout at the same addresses. The
 * blocks of unloaded plugins stay, each with the function that made it, and
 * the call tree grows with the plugins, not with the times they come.
 *
 * expect: major
 * expect: verify
 * expect: live small_allocates 3000 300000
 * expect: live large_allocates 3000 300000
 * expect: nodes 400
 */
#include "victim.h"

#include <dlfcn.h>
#include <pthread.h>

enum { THREADS = 4, CYCLES = 3000 };

static int stop;

static void *churn(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (int i = 0; i < 100; i++)
            free(used(malloc(50)));
        pause_ms(5);
    }
    return unused;
}

/* Loads a plugin, keeps two blocks of its making; returns where it was. */
static void *visit(const char *name, int frame, void **kept)
{
    Dl_info where;
    void *plugin = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin);
    void *(*take)(int) = NULL;
    void (*give)(void *) = NULL;
    int (*get_frame)(void) = NULL;
    *(void **)&take = dlsym(plugin, "plugin_take");
    *(void **)&give = dlsym(plugin, "plugin_give");
    *(void **)&get_frame = dlsym(plugin, "plugin_frame");
    CHECK(take && give && get_frame && get_frame() == frame);
    CHECK(dladdr(*(void **)&take, &where) != 0);
    for (int i = 0; i < 20; i++)
        give(take(i % 5));
    kept[0] = take(3);
    kept[1] = take(4);
    dlclose(plugin);
    CHECK(!dlopen(name, RTLD_NOW | RTLD_NOLOAD));
    return where.dli_fbase;
}

int main(void)
{
    static void *kept[CYCLES][2];
    pthread_t threads[THREADS];
    void *last = NULL;
    int reused = 0;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
    for (int i = 0; i < CYCLES; i++) {
        void *here = i % 2 ? visit(PLUGIN_SMALL, 24, kept[i])
                           : visit(PLUGIN_LARGE, 120, kept[i]);
        reused += here == last;
        last = here;
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("address reused: %s\n", reused > CYCLES / 2 ? "yes" : "no");
    pause_ms(150);
    return 0;
}
