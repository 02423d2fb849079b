/*
 * Whole stacks: what the unwinder makes of real frames of this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>

#include "agent/os.h"
#include "agent/sites.h"
#include "agent/unwind.h"

#define DEPTH 64
#define NOINLINE __attribute__((noinline, noclone))

/* Keeps a call from becoming a jump. */
#define KEEP(result) __asm__ volatile("" : "+r"(result)::"memory")

static struct tenure__unwinder *unwinder;
static uint32_t thread_node;

static int open_unwinder(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(64) << 20) || tenure__unwind_open(DEPTH, 0))
        return -1;
    thread_node = tenure__site_thread("main");
    unwinder = tenure__os_map(tenure__unwinder_bytes());
    return unwinder ? 0 : -1;
}

/* As a hook does it: the state of the caller after this call. */
NOINLINE static uint32_t capture(void)
{
    uint64_t *fp = __builtin_frame_address(0);
    struct tenure__start start = {.pc = (uint64_t)__builtin_return_address(0),
                                  .sp = (uint64_t)__builtin_dwarf_cfa(),
                                  .fp = fp[0]};
    return tenure__unwind_site(unwinder, &start, thread_node, 0);
}

static uint64_t memo_hits(void)
{
    return tenure__unwind_counts(unwinder)->memo_hits;
}

static uint64_t truncated(void)
{
    return tenure__unwind_counts(unwinder)->truncated;
}

static uint32_t depth_of(uint32_t site)
{
    struct tenure__node node;
    uint32_t depth = 0;
    while (tenure__site_get(site, &node) && node.tag != TENURE__NODE_THREAD) {
        depth++;
        site = node.parent;
    }
    return depth;
}

/* True if one of the frames lies within the first bytes of `function`. */
static bool has_frame_in(uint32_t site, const void *function,
                         enum tenure__node_tag tag)
{
    struct tenure__node node;
    while (tenure__site_get(site, &node) && node.tag != TENURE__NODE_THREAD) {
        if (node.tag == tag && node.pc - (uint64_t)function < 128)
            return true;
        site = node.parent;
    }
    return false;
}

NOINLINE static uint32_t recurse(uint32_t levels)
{
    uint32_t site = levels ? recurse(levels - 1) : capture();
    KEEP(site);
    return site;
}

static void each_call_level_is_one_frame(void **state)
{
    (void)state;
    uint32_t base = depth_of(recurse(0));
    assert_true(base >= 4);
    for (uint32_t levels = 1; levels < 20; levels++)
        assert_int_equal(depth_of(recurse(levels)), base + levels);
    assert_int_equal(truncated(), 0);
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

static void a_repeated_call_is_answered_by_the_memo(void **state)
{
    (void)state;
    uint64_t before = memo_hits();
    for (volatile int i = 0; i < 10; i++)
        recurse(5);
    assert_int_equal(memo_hits() - before, 9);
}

NOINLINE static uint32_t middle(void)
{
    uint32_t site = recurse(2);
    KEEP(site);
    return site;
}

NOINLINE static uint32_t this_way(void)
{
    uint32_t site = middle();
    KEEP(site);
    return site;
}

NOINLINE static uint32_t that_way(void)
{
    uint32_t site = middle();
    KEEP(site);
    return site;
}

/* The innermost frames are equal in pc and sp; only one further out is not. */
static void a_caller_further_out_makes_another_site(void **state)
{
    (void)state;
    uint32_t (*const way[2])(void) = {this_way, that_way};
    uint32_t site[4];
    for (volatile int i = 0; i < 4; i++)
        site[i] = way[i % 2]();
    assert_int_not_equal(site[0], site[1]);
    assert_int_equal(site[0], site[2]);
    assert_int_equal(site[1], site[3]);
    assert_true(has_frame_in(site[0], (void *)this_way, TENURE__NODE_FRAME));
    assert_true(has_frame_in(site[1], (void *)that_way, TENURE__NODE_FRAME));
    assert_false(has_frame_in(site[1], (void *)this_way, TENURE__NODE_FRAME));
}

static void a_deep_stack_is_cut_alike_at_any_depth_and_counted(void **state)
{
    (void)state;
    uint64_t before = truncated();
    uint32_t site = recurse(200);
    assert_int_equal(truncated() - before, 1);
    assert_in_range(depth_of(site), DEPTH / 2, DEPTH);
    /* All frames within the limit are the same ones. */
    assert_int_equal(recurse(201), site);
    assert_int_equal(recurse(300), site);
    assert_int_equal(truncated() - before, 3);
}

static void a_thread_of_another_name_has_sites_of_its_own(void **state)
{
    (void)state;
    uint32_t site[2], main_node = thread_node;
    for (volatile int i = 0; i < 2; i++) {
        site[i] = recurse(1);
        thread_node = tenure__site_thread("renamed");
    }
    thread_node = main_node;
    assert_int_not_equal(site[0], site[1]);
    assert_int_equal(depth_of(site[0]), depth_of(site[1]));
}

static void nothing_remembered_is_used_while_an_object_goes(void **state)
{
    (void)state;
    uint32_t site[4];
    uint64_t hits[4];
    for (volatile int i = 0; i < 4; i++) {
        if (i == 2)
            tenure__unwind_hold();
        hits[i] = memo_hits();
        site[i] = recurse(4);
        hits[i] = memo_hits() - hits[i];
        if (i == 2)
            tenure__unwind_release();
    }
    for (int i = 1; i < 4; i++)
        assert_int_equal(site[i], site[0]);
    assert_int_equal(hits[1], 1);
    assert_int_equal(hits[2], 0);
    assert_int_equal(hits[3], 0);
}

static void forgetting_makes_the_next_capture_walk(void **state)
{
    (void)state;
    uint32_t site[3];
    uint64_t before = memo_hits();
    for (volatile int i = 0; i < 3; i++) {
        site[i] = recurse(6);
        tenure__unwind_forget();
    }
    assert_int_equal(memo_hits(), before);
    assert_int_equal(site[0], site[1]);
    assert_int_equal(site[0], site[2]);
}

static uint32_t in_handler;

static void on_signal(int number)
{
    (void)number;
    in_handler = capture();
}

NOINLINE static void interrupted(void)
{
    raise(SIGUSR1);
    __asm__ volatile("");
}

static void a_signal_handler_stands_on_what_it_interrupted(void **state)
{
    (void)state;
    uint64_t before = truncated();
    struct sigaction action = {.sa_handler = on_signal}, old;
    sigaction(SIGUSR1, &action, &old);
    interrupted();
    sigaction(SIGUSR1, &old, NULL);
    assert_true(
        has_frame_in(in_handler, (void *)interrupted, TENURE__NODE_FRAME));
    struct tenure__node node;
    uint32_t exact = 0;
    for (uint32_t id = in_handler; tenure__site_get(id, &node);
         id = node.parent)
        exact += node.tag == TENURE__NODE_EXACT;
    assert_int_equal(exact, 1);
    assert_int_equal(truncated(), before);
}

/* Code as a JIT compiler makes it: no call frame information. The first keeps
 * a frame pointer, the second has something else in that register. */
uint32_t call_with_frame_pointer(uint32_t (*function)(void));
uint32_t call_with_other_value(uint32_t (*function)(void), uint64_t value);
/* With CFI, but with the CFA in a register that calls preserve, as in the
 * loader when it binds a function at its first call. */
uint32_t call_with_saved_stack(uint32_t (*function)(void));
#if defined(__x86_64__)
__asm__(
    ".text\n"
    "call_with_saved_stack:\n"
    "    .cfi_startproc\n"
    "    push %rbx\n"
    "    .cfi_def_cfa_offset 16\n"
    "    .cfi_offset rbx, -16\n"
    "    mov %rsp, %rbx\n"
    "    .cfi_def_cfa_register rbx\n"
    "    and $-64, %rsp\n"
    "    sub $192, %rsp\n"
    "    call *%rdi\n"
    "    mov %rbx, %rsp\n"
    "    .cfi_def_cfa_register rsp\n"
    "    pop %rbx\n"
    "    .cfi_def_cfa_offset 8\n"
    "    ret\n"
    "    .cfi_endproc\n"
    "    .skip 16, 0x90\n"
    "call_with_frame_pointer:\n"
    "    push %rbp\n"
    "    mov %rsp, %rbp\n"
    "    call *%rdi\n"
    "    pop %rbp\n"
    "    ret\n"
    "    .skip 16, 0x90\n"
    "call_with_other_value:\n"
    "    push %rbp\n"
    "    mov %rsi, %rbp\n"
    "    call *%rdi\n"
    "    pop %rbp\n"
    "    ret\n");
#else
__asm__(
    ".text\n"
    "call_with_saved_stack:\n"
    "    .cfi_startproc\n"
    "    stp x19, x30, [sp, #-16]!\n"
    "    .cfi_def_cfa_offset 16\n"
    "    .cfi_offset x19, -16\n"
    "    .cfi_offset x30, -8\n"
    "    mov x19, sp\n"
    "    .cfi_def_cfa_register x19\n"
    "    sub sp, sp, #192\n"
    "    blr x0\n"
    "    mov sp, x19\n"
    "    .cfi_def_cfa_register sp\n"
    "    ldp x19, x30, [sp], #16\n"
    "    .cfi_restore x19\n"
    "    .cfi_restore x30\n"
    "    .cfi_def_cfa_offset 0\n"
    "    ret\n"
    "    .cfi_endproc\n"
    "call_with_frame_pointer:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    mov x29, sp\n"
    "    blr x0\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n"
    "call_with_other_value:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    mov x29, x1\n"
    "    blr x0\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n");
#endif

static uint32_t two_levels(void)
{
    return recurse(2);
}

NOINLINE static uint32_t through_jit(void)
{
    uint32_t site = call_with_frame_pointer(two_levels);
    KEEP(site);
    return site;
}

static void code_without_cfi_is_passed_by_its_frame_pointer(void **state)
{
    (void)state;
    uint64_t before = truncated();
    uint32_t site[2];
    for (volatile int i = 0; i < 2; i++)
        site[i] = through_jit();
    assert_int_equal(site[0], site[1]);
    assert_true(has_frame_in(site[0], (void *)through_jit, TENURE__NODE_FRAME));
    assert_int_equal(truncated(), before);
}

NOINLINE static uint32_t through_loader(void)
{
    uint32_t site = call_with_saved_stack(two_levels);
    KEEP(site);
    return site;
}

static void a_frame_by_another_register_is_passed(void **state)
{
    (void)state;
    uint64_t before = truncated();
    uint32_t site[2];
    for (volatile int i = 0; i < 2; i++)
        site[i] = through_loader();
    assert_int_equal(site[0], site[1]);
    assert_true(
        has_frame_in(site[0], (void *)through_loader, TENURE__NODE_FRAME));
    assert_int_equal(truncated(), before);
}

static void a_frame_pointer_that_is_none_ends_the_stack(void **state)
{
    (void)state;
    uint64_t before = truncated();
    const uint64_t here = (uint64_t)__builtin_frame_address(0);
    /* Nowhere, below, unaligned, beyond the stack's end. */
    const uint64_t values[] = {
        0, 8, here - 4096, here + 1, here + (1 << 24), UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_in_range(depth_of(call_with_other_value(two_levels, values[i])),
                        4, 5);
    assert_int_equal(truncated() - before, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_level_is_one_frame),
        cmocka_unit_test(the_same_stack_is_the_same_site),
        cmocka_unit_test(a_repeated_call_is_answered_by_the_memo),
        cmocka_unit_test(a_caller_further_out_makes_another_site),
        cmocka_unit_test(a_deep_stack_is_cut_alike_at_any_depth_and_counted),
        cmocka_unit_test(a_thread_of_another_name_has_sites_of_its_own),
        cmocka_unit_test(nothing_remembered_is_used_while_an_object_goes),
        cmocka_unit_test(forgetting_makes_the_next_capture_walk),
        cmocka_unit_test(a_signal_handler_stands_on_what_it_interrupted),
        cmocka_unit_test(code_without_cfi_is_passed_by_its_frame_pointer),
        cmocka_unit_test(a_frame_by_another_register_is_passed),
        cmocka_unit_test(a_frame_pointer_that_is_none_ends_the_stack),
    };
    return cmocka_run_group_tests(tests, open_unwinder, NULL);
}
