/*
 * Every capture compared with libunwind and with the C library's backtrace(),
 * on every kind of stack, while libraries come and go:
 * stress_unwind PLUGIN_A PLUGIN_B [ROUNDS]
 *
 * Four threads run through the stacks of stacks.h; one of them loads either
 * plugin, captures from within, and unloads it again, so that the next one
 * comes to lie at the same addresses. Fails if any stack differed.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/modules.h"
#include "agent/os.h"
#include "agent/sites.h"
#include "agent/unwind.h"
#include "plugin.h"
#include "stacks.h"

#define THREADS 4
#define ROUNDS 1500
#define DEPTH 64

static const char *plugin_path[2];
static uint32_t rounds = ROUNDS;
static uint32_t thread_node;
static _Atomic uint64_t captures, verified, mismatched, truncated, hits;
static _Atomic uint64_t differing; /* from backtrace() */
static _Thread_local struct tenure__unwinder *unwinder;

/* True if the stack of `site` is what backtrace() says from `pc` on. */
static bool is_backtrace(uint32_t site, uint64_t pc)
{
    void *oracle[DEPTH + 40];
    int count = backtrace(oracle, DEPTH + 40), i = 0;
    struct tenure__node node;
    uint32_t depth = 0;
    while (i < count && (uint64_t)oracle[i] != pc)
        i++;
    for (; tenure__site_get(site, &node) && node.tag != TENURE__NODE_THREAD;
         site = node.parent, i++, depth++) {
        if (i >= count || (uint64_t)oracle[i] != node.pc)
            return false;
    }
    /* The outermost frame is not always in backtrace()'s list. */
    return i >= count || depth >= DEPTH / 2;
}

/* As a hook does it. Twice, so that the memo answers the second one. */
__attribute__((noinline)) static int capture(void)
{
    uint64_t *fp = __builtin_frame_address(0);
    struct tenure__start start = {.pc = (uint64_t)__builtin_return_address(0),
                                  .sp = (uint64_t)__builtin_dwarf_cfa(),
                                  .fp = fp[0]};
    if (!unwinder)
        unwinder = tenure__os_map(tenure__unwinder_bytes());
    struct tenure__unwind_counts before = *tenure__unwind_counts(unwinder);
    uint32_t first = tenure__unwind_site(unwinder, &start, thread_node, 0);
    uint32_t again = tenure__unwind_site(unwinder, &start, thread_node, 0);
    const struct tenure__unwind_counts *now = tenure__unwind_counts(unwinder);
    differing += !is_backtrace(first, start.pc);
    differing += !is_backtrace(again, start.pc);
    captures += now->walks - before.walks + now->memo_hits - before.memo_hits;
    verified += now->verified - before.verified;
    mismatched += now->mismatched - before.mismatched;
    truncated += now->truncated - before.truncated;
    hits += now->memo_hits - before.memo_hits;
    return first == 0 || again == 0;
}

static int leaf(void)
{
    int result = capture();
    __asm__ volatile("" : "+r"(result)::"memory");
    return result;
}

/* A short thread brings an unwinder of its own and takes it away. */
static int leaf_of_short_thread(void)
{
    int result = capture();
    tenure__os_unmap(unwinder, tenure__unwinder_bytes());
    unwinder = NULL;
    return result;
}

static int use_plugin(uint64_t *random)
{
    void *plugin =
        dlopen(plugin_path[stack_random(random, 2)], RTLD_NOW | RTLD_LOCAL);
    if (!plugin)
        return -1;
    plugin_entry *entry = (plugin_entry *)dlsym(plugin, "plugin_run");
    int result = entry ? entry(leaf, (int)stack_random(random, 5)) : -1;
    tenure__modules_unload_begin();
    dlclose(plugin);
    tenure__modules_unload_end();
    return result;
}

static int one_stack(uint64_t *random, bool loads)
{
    switch (stack_random(random, 16)) {
    case 0:
        return stack_signal(random, leaf);
    case 1:
        return stack_jump(random, leaf);
    case 2:
        return stack_fibers(random, leaf);
    case 3:
        return stack_thread(random, leaf_of_short_thread);
    case 4:
        return stack_shapes(random, 100, leaf);
    case 5:
    case 6:
    case 7:
        return loads ? use_plugin(random) : leaf();
    default:
        return stack_shapes(random, stack_random(random, 25), leaf);
    }
}

static void *run(void *context)
{
    uint64_t number = (uint64_t)(uintptr_t)context;
    intptr_t failures = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        /* The same few stacks come back, as they do in a service. */
        uint64_t random = number * 1000 + i % 97 * (i % 3 + 1);
        failures += one_stack(&random, number == 0) != 0;
    }
    return (void *)failures;
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    plugin_path[0] = arguments[1];
    plugin_path[1] = arguments[2];
    if (count > 3)
        rounds = (uint32_t)strtoul(arguments[3], NULL, 10);
    if (tenure__sites_open(UINT64_C(256) << 20) ||
        tenure__unwind_open(DEPTH, VERIFY_EVERY) || tenure__modules_refresh())
        return 2;
    thread_node = tenure__site_thread("stress");

    pthread_t threads[THREADS];
    intptr_t failures = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failures += (intptr_t)result;
    }
    printf("%" PRIu64 " captures, %" PRIu64 " by the memo, %" PRIu64
           " verified, %" PRIu64 " mismatched, %" PRIu64
           " unlike backtrace(), "
           "%" PRIu64 " truncated, %" PRIu32 " modules, %" PRIdPTR
           " failures\n",
           captures, hits, verified, mismatched, differing, truncated,
           tenure__modules_count(), failures);
    return failures != 0 || mismatched != 0 || differing != 0 ||
           verified != captures * VERIFY_EVERY;
}
