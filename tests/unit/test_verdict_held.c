/* Which containers bound what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/verdict_rules.h"

/* A table of 200 words that was there before the blocks it holds. */
static struct tenure_population table(void)
{
    return (struct tenure_population){.held = {.share = 0.95,
                                               .words = 200,
                                               .filled = 80,
                                               .blocks = 80,
                                               .older = true,
                                               .unresized = true}};
}

static void a_table_with_a_word_for_each_bounds_them(void **state)
{
    (void)state;
    struct tenure_population p = table();
    assert_true(tenure_is_held(&p));
    assert_true(tenure_is_bounded(&p));
}

static void what_holds_too_few_of_them_bounds_nothing(void **state)
{
    (void)state;
    struct tenure_population p = table();
    p.held.share = 0.85;
    assert_false(tenure_is_held(&p));
    assert_false(tenure_is_bounded(&p));
}

static void a_table_that_was_made_anew_may_be_again(void **state)
{
    (void)state;
    struct tenure_population p = table();
    p.held.older = false;
    assert_true(tenure_is_held(&p));
    assert_false(tenure_is_bounded(&p));
    p = table();
    p.held.unresized = false;
    assert_false(tenure_is_bounded(&p));
}

static void blocks_that_hang_on_one_another_are_not_bounded(void **state)
{
    (void)state;
    struct tenure_population p = table();
    p.held.blocks = 90;
    assert_false(tenure_is_bounded(&p));
}

static void a_table_that_is_nearly_empty_may_get_chains(void **state)
{
    (void)state;
    struct tenure_population p = table();
    p.held.words = 1000;
    assert_false(tenure_is_bounded(&p));
}

static void what_nobody_knows_is_not_held(void **state)
{
    (void)state;
    struct tenure_population p = {0};
    assert_false(tenure_is_held(&p));
    assert_false(tenure_is_bounded(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_with_a_word_for_each_bounds_them),
        cmocka_unit_test(what_holds_too_few_of_them_bounds_nothing),
        cmocka_unit_test(a_table_that_was_made_anew_may_be_again),
        cmocka_unit_test(blocks_that_hang_on_one_another_are_not_bounded),
        cmocka_unit_test(a_table_that_is_nearly_empty_may_get_chains),
        cmocka_unit_test(what_nobody_knows_is_not_held),
    };
    return cmocka_run_group_tests_name("verdict_held", tests, NULL, NULL);
}
