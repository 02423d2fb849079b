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

static void expect_words(const struct tenure_population *p, const char *wanted)
{
    const struct tenure_timeline timeline = {.count = 1};
    struct tenure_population population = *p;
    struct tenure_site_verdict verdict = {.class = TENURE_CLASS_UNBOUNDED,
                                          .snapshots = 12};
    char text[512];
    population.timeline = &timeline;
    tenure_verdict_text(&verdict, &population, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void what_is_filled_is_said_of_a_block_and_of_a_global(void **state)
{
    (void)state;
    struct tenure_population p = table();
    p.held.whole = true;
    expect_words(&p,
                 "0 deaths in 0 exposures at any age; 0 of 0 generations "
                 "left survivors; held by one container that was there "
                 "before them, 80 of its 200 words filled: could be a "
                 "cache that has not met its cap");
    p.held.whole = false;
    expect_words(&p,
                 "0 deaths in 0 exposures at any age; 0 of 0 generations "
                 "left survivors; held by one container that was there "
                 "before them, 80 of its words filled so far: could be a "
                 "cache that has not met its cap");
}

static void what_interior_pointers_hold_is_possibly_lost(void **state)
{
    (void)state;
    struct tenure_population p = {.possible_blocks = 200,
                                  .possible_bytes = 12800};
    expect_words(&p,
                 "0 deaths in 0 exposures at any age; 0 of 0 generations "
                 "left survivors; it slows: could be a cache that has not "
                 "met its cap; 200 blocks possibly lost, 12.5 KiB: only "
                 "interior pointers lead to them");
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
        cmocka_unit_test(what_is_filled_is_said_of_a_block_and_of_a_global),
        cmocka_unit_test(what_interior_pointers_hold_is_possibly_lost),
    };
    return cmocka_run_group_tests_name("verdict_held", tests, NULL, NULL);
}
