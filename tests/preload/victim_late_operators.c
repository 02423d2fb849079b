/*
 * A C program whose plugins bring operator new along, after the start. Each
 * time one is loaded, threads race to be the first to call the operator,
 * while another thread loads and unloads a library of its own; then the
 * plugin goes, with its runtime, and the next one comes to another place.
 *
 * expect: live plugin_new 40 4000
 */
#include "victim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

enum { THREADS = 4, ROUNDS = 40 };

static void *(*take)(size_t bytes);
static void (*give)(void *block);
static pthread_barrier_t together;
static int stop;

static void *be_first(void *unused)
{
    pthread_barrier_wait(&together);
    for (int i = 0; i < 50; i++)
        give(take(64));
    return unused;
}

static void *load_and_unload(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        void *library = dlopen(PLUGIN_SMALL, RTLD_NOW | RTLD_LOCAL);
        CHECK(library);
        dlclose(library);
    }
    return unused;
}

/* Nothing is loaded there again; if something lies there already, so much
 * the better. */
static void keep_free(void *at)
{
    void *page = (void *)((size_t)at & ~(size_t)4095);
    CHECK(mmap(page, 4096, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
               0) == page ||
          errno == EEXIST);
}

static void *play_a_round(void)
{
    pthread_t threads[THREADS];
    void *plugin = dlopen(PLUGIN_OPERATORS, RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin);
    *(void **)&take = dlsym(plugin, "plugin_new");
    *(void **)&give = dlsym(plugin, "plugin_delete");
    void *operator_new = dlsym(plugin, "_Znwm"); /* its own, not the agent's */
    CHECK(operator_new);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, be_first, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    void *kept = take(100);
    dlclose(plugin);
    CHECK(!dlopen(PLUGIN_OPERATORS, RTLD_NOW | RTLD_NOLOAD));
    keep_free(operator_new);
    return kept;
}

int main(void)
{
    static void *kept[ROUNDS];
    pthread_t other;
    pthread_barrier_init(&together, NULL, THREADS);
    CHECK(pthread_create(&other, NULL, load_and_unload, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++)
        kept[i] = play_a_round();
    stop = 1;
    pthread_join(other, NULL);
    say("%d plugins came and went\n", ROUNDS);
    return kept[0] == NULL;
}
