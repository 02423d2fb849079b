/*
 * Whole stacks: what the unwinder makes of real frames of this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "agent/modules.h"
#include "agent/os.h"
#include "agent/sites.h"
#include "agent/unwind.h"

#define DEPTH 64
#define NOINLINE __attribute__((noinline, noclone))

static struct tenure__unwinder *unwinder;
static uint32_t thread_node;

static int open_unwinder(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(64) << 20) ||
        tenure__unwind_open(DEPTH, 0))
        return -1;
    thread_node = tenure__site_thread("main");
    unwinder = tenure__os_map(tenure__unwinder_bytes());
    return unwinder ? 0 : -1;
}

/* As a hook does it: the state of the caller after this call. */
NOINLINE static uint32_t capture(void)
{
    uint64_t *fp = __builtin_frame_address(0);
    struct tenure__start start = {
        .pc = (uint64_t)__builtin_return_address(0),
        .sp = (uint64_t)__builtin_dwarf_cfa(),
        .fp = fp[0]};
    return tenure__unwind_site(unwinder, &start, thread_node);
}

static uint32_t depth_of(uint32_t site)
{
    struct tenure__node node;
    uint32_t depth = 0;
    while (tenure__site_get(site, &node) &&
           node.tag != TENURE__NODE_THREAD) {
        depth++;
        site = node.parent;
    }
    return depth;
}

NOINLINE static uint32_t recurse(uint32_t levels)
{
    uint32_t site = levels ? recurse(levels - 1) : capture();
    __asm__ volatile("" ::: "memory");
    return site;
}

static void each_call_level_is_one_frame(void **state)
{
    (void)state;
    uint32_t base = depth_of(recurse(0));
    assert_true(base >= 4);
    for (uint32_t levels = 1; levels < 20; levels++)
        assert_int_equal(depth_of(recurse(levels)), base + levels);
    assert_int_equal(tenure__unwind_counts(unwinder)->truncated, 0);
}

static void the_same_stack_is_the_same_site(void **state)
{
    (void)state;
    uint32_t site[2];
    for (volatile int i = 0; i < 2; i++)
        site[i] = recurse(3);
    assert_int_equal(site[0], site[1]);
    assert_int_not_equal(recurse(3), site[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_level_is_one_frame),
        cmocka_unit_test(the_same_stack_is_the_same_site),
    };
    return cmocka_run_group_tests(tests, open_unwinder, NULL);
}
