/*
 * The keyed memo on stacks that lie in arrays.
 */
#include "agent/unwind_keyed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { PAGE = 4096, DEPTH = 6, DEEP = 200, SITE = 7 };

static struct tenure__keyed *keyed;
static struct tenure__frame frames[DEEP];

/* A stack from `sp` upwards, with a return address every `step` words: the
 * callers' pcs are the site's. */
static void build(uint64_t *sp, uint32_t depth, uint64_t step, uint32_t site)
{
    for (uint64_t i = 1; i < depth; i++)
        sp[i * step - 1] = site * UINT64_C(0x10000) + i;
}

static void remember(uint64_t *sp, uint64_t pc, uint32_t depth, uint64_t step,
                     uint32_t site)
{
    struct tenure__memo memo = {.stack = frames, .top = depth};
    struct tenure__start start = {.pc = pc, .sp = (uint64_t)sp};
    build(sp, depth, step, site);
    for (uint64_t i = 0; i < depth; i++)
        frames[depth - 1 - i] =
            (struct tenure__frame){.pc = i ? sp[i * step - 1] : pc,
                                   .sp = (uint64_t)(sp + i * step),
                                   .pc_words = 1};
    tenure__keyed_add(keyed, &start, 0, &memo, site, false);
}

static uint32_t find(const uint64_t *sp, uint64_t pc)
{
    struct tenure__start start = {.pc = pc, .sp = (uint64_t)sp};
    uint32_t site = tenure__keyed_guessed(keyed, &start, 0);
    return site ? site : tenure__keyed_find(keyed, &start, 0);
}

static int begin(void **state)
{
    keyed = calloc(1, sizeof *keyed + 64);
    tenure__keyed_open(keyed);
    *state = keyed;
    return keyed == NULL;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void a_stack_is_known_as_long_as_no_slot_differs(void **state)
{
    (void)state;
    uint64_t stack[64] = {0};
    remember(stack, 0x1000, DEPTH, 4, SITE);
    assert_int_equal(find(stack, 0x1000), SITE);
    for (uint32_t i = 1; i < DEPTH; i++) {
        stack[i * 4 - 1]++;
        assert_int_equal(find(stack, 0x1000), 0);
        stack[i * 4 - 1]--;
    }
    assert_int_equal(find(stack, 0x1000), SITE);
    assert_int_equal(find(stack, 0x1001), 0);
    assert_int_equal(find(stack + 1, 0x1000), 0);
}

static void stacks_of_one_pc_and_sp_are_told_apart(void **state)
{
    (void)state;
    uint64_t stack[64] = {0};
    for (uint32_t site = 1; site <= TENURE_KEYED_WAYS; site++)
        remember(stack, 0x1000, DEPTH, 4, site);
    for (uint32_t site = 1; site <= TENURE_KEYED_WAYS; site++) {
        build(stack, DEPTH, 4, site);
        assert_int_equal(find(stack, 0x1000), site);
    }
}

/* Its offsets are another stack's: to follow them may be to fault. */
static void a_list_that_was_overwritten_is_not_followed(void **state)
{
    (void)state;
    char *end_of_stack = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(end_of_stack, MAP_FAILED);
    assert_int_equal(mprotect(end_of_stack + PAGE, PAGE, PROT_NONE), 0);
    uint64_t *small = (uint64_t *)(end_of_stack + PAGE - 512);
    uint64_t *large = calloc(DEEP, 64 * sizeof *large);
    remember(small, 0x1000, DEPTH, 4, SITE);
    assert_int_equal(find(small, 0x1000), SITE);
    for (uint64_t i = 0; i < TENURE_KEYED_GROUPS * 4 / DEEP; i++) {
        remember(large, 0x100000 + 16 * i, DEEP, 64, 1);
        uint32_t site = find(small, 0x1000);
        assert_true(site == SITE || site == 0);
    }
    assert_int_equal(find(small, 0x1000), 0);
    free(large);
    munmap(end_of_stack, 2 * PAGE);
}

static void after_a_drop_nothing_is_known(void **state)
{
    (void)state;
    uint64_t stack[64] = {0};
    remember(stack, 0x1000, DEPTH, 4, SITE);
    tenure__keyed_drop(keyed);
    assert_int_equal(find(stack, 0x1000), 0);
    remember(stack, 0x1000, DEPTH, 4, SITE);
    assert_int_equal(find(stack, 0x1000), SITE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stack_is_known_as_long_as_no_slot_differs),
        TEST(stacks_of_one_pc_and_sp_are_told_apart),
        TEST(a_list_that_was_overwritten_is_not_followed),
        TEST(after_a_drop_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
