/*
 * The oracle agrees with right stacks and is not content with wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/os.h"
#include "agent/sites.h"
#include "agent/unwind.h"
#include "agent/unwind_verify.h"

#define DEPTH 64
#define NOINLINE __attribute__((noinline, noclone))

static struct tenure__unwinder *unwinder;
static struct tenure__verify *oracle;
static uint32_t thread_node;

static int open_oracle(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(1) << 20) || tenure__unwind_open(DEPTH, 1))
        return -1;
    thread_node = tenure__site_thread("main");
    unwinder = tenure__os_map(tenure__unwinder_bytes());
    oracle = tenure__os_map(tenure__verify_bytes());
    return unwinder && oracle ? 0 : -1;
}

/* Compares the site itself, a frame of it changed, and its caller alone. */
struct answers {
    bool right, changed, outer, shortened;
};

/* The site with frame `index` replaced by another pc; 0 is the innermost. */
static uint32_t change(uint32_t site, uint32_t index)
{
    struct tenure__node node;
    assert_true(tenure__site_get(site, &node));
    if (index == 0)
        return tenure__site_child(node.parent, node.pc + 1, false);
    return tenure__site_child(change(node.parent, index - 1), node.pc, false);
}

/* The site without its `count` outermost frames. */
static uint32_t shorten(uint32_t site, uint32_t count)
{
    struct tenure__node node;
    uint32_t depth = 0;
    for (uint32_t id = site; tenure__site_get(id, &node); id = node.parent)
        depth++;
    uint64_t pcs[DEPTH];
    uint32_t kept = 0;
    for (uint32_t id = site; kept + count + 1 < depth; id = node.parent) {
        tenure__site_get(id, &node);
        pcs[kept++] = node.pc;
    }
    uint32_t id = thread_node;
    while (kept)
        id = tenure__site_child(id, pcs[--kept], false);
    return id;
}

NOINLINE static struct answers ask(void)
{
    uint64_t *fp = __builtin_frame_address(0);
    struct tenure__start start = {.pc = (uint64_t)__builtin_return_address(0),
                                  .sp = (uint64_t)__builtin_dwarf_cfa(),
                                  .fp = fp[0]};
    struct tenure__node node;
    uint32_t site = tenure__unwind_site(unwinder, &start, thread_node, 0);
    tenure__site_get(site, &node);
    struct answers answers = {
        .right = tenure__verify(oracle, &start, site, DEPTH),
        .changed = tenure__verify(oracle, &start, change(site, 2), DEPTH),
        .outer = tenure__verify(oracle, &start, node.parent, DEPTH),
        .shortened = tenure__verify(oracle, &start, shorten(site, 2), DEPTH)};
    return answers;
}

static void a_right_stack_is_confirmed_and_counted(void **state)
{
    (void)state;
    struct answers answers = ask();
    assert_true(answers.right);
    const struct tenure__unwind_counts *counts =
        tenure__unwind_counts(unwinder);
    assert_int_equal(counts->verified, counts->walks + counts->memo_hits);
    assert_int_equal(counts->mismatched, 0);
}

static void a_wrong_stack_is_found_out(void **state)
{
    (void)state;
    struct answers answers = ask();
    assert_false(answers.changed);
    assert_false(answers.outer);
    assert_false(answers.shortened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_stack_is_confirmed_and_counted),
        cmocka_unit_test(a_wrong_stack_is_found_out),
    };
    return cmocka_run_group_tests(tests, open_oracle, NULL);
}
