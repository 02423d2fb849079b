/* The policy: what of the charges fails. */
#include "report/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct tenure_arena texts;

static int drop(void **state)
{
    (void)state;
    tenure_arena_drop(&texts);
    return 0;
}

static struct tenure_charge charge(enum tenure_site_class class, uint64_t bytes,
                                   double rate)
{
    return (struct tenure_charge){
        .class = class, .bytes = bytes, .rate = rate, .because = ""};
}

static enum tenure_charge_state one(const struct tenure_policy *policy,
                                    struct tenure_charge of)
{
    tenure_policy_apply(policy, &of, 1, &texts);
    assert_true(of.state == TENURE_CHARGE_FAILS || of.because[0]);
    return of.state;
}

static void lost_grown_and_leak_fail_unless_told_otherwise(void **state)
{
    (void)state;
    struct tenure_policy policy = TENURE_POLICY_DEFAULT;
    static const struct {
        enum tenure_site_class class;
        enum tenure_charge_state state;
    } cases[] = {{TENURE_CLASS_LOST, TENURE_CHARGE_FAILS},
                 {TENURE_CLASS_GROWN, TENURE_CHARGE_FAILS},
                 {TENURE_CLASS_LEAK, TENURE_CHARGE_FAILS},
                 {TENURE_CLASS_UNBOUNDED, TENURE_CHARGE_ALLOWED},
                 {TENURE_CLASS_SUSPECT, TENURE_CHARGE_ALLOWED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(one(&policy, charge(cases[i].class, 1, 0)),
                         cases[i].state);
}

static void classes_are_a_list(void **state)
{
    (void)state;
    unsigned set = 99;
    struct tenure_option option = {.value = &set};
    assert_int_equal(tenure_type_classes.parse(&option, "lost,suspect"), 0);
    assert_int_equal(set, TENURE_FAIL_ON(TENURE_CLASS_LOST) |
                              TENURE_FAIL_ON(TENURE_CLASS_SUSPECT));
    assert_int_equal(tenure_type_classes.parse(&option, "none"), 0);
    assert_int_equal(set, 0);
    static const char *const wrong[] = {"", "lost,", "los", "cache", "lost;"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(tenure_type_classes.parse(&option, wrong[i]), -1);
}

static void a_rate_may_say_that_it_is_one(void **state)
{
    (void)state;
    uint64_t rate = 0;
    struct tenure_option option = {.value = &rate};
    assert_int_equal(tenure_type_rate.parse(&option, "10K/s"), 0);
    assert_int_equal(rate, 10240);
    assert_int_equal(tenure_type_rate.parse(&option, "7"), 0);
    assert_int_equal(rate, 7);
    assert_int_equal(tenure_type_rate.parse(&option, "10/min"), -1);
}

static void small_findings_pass_below_min_bytes(void **state)
{
    (void)state;
    struct tenure_policy policy = TENURE_POLICY_DEFAULT;
    policy.min_bytes = 1000;
    assert_int_equal(one(&policy, charge(TENURE_CLASS_LEAK, 999, 0)),
                     TENURE_CHARGE_ALLOWED);
    assert_int_equal(one(&policy, charge(TENURE_CLASS_LEAK, 1000, 0)),
                     TENURE_CHARGE_FAILS);
}

static void max_lost_is_for_all_of_them_together(void **state)
{
    (void)state;
    struct tenure_policy policy = TENURE_POLICY_DEFAULT;
    policy.max_lost_bytes = 100;
    struct tenure_charge charges[] = {charge(TENURE_CLASS_LOST, 60, 0),
                                      charge(TENURE_CLASS_LEAK, 900, 0),
                                      charge(TENURE_CLASS_LOST, 41, 0)};
    tenure_policy_apply(&policy, charges, 3, &texts);
    for (int i = 0; i < 3; i++)
        assert_int_equal(charges[i].state, TENURE_CHARGE_FAILS);
    charges[2].bytes = 40;
    tenure_policy_apply(&policy, charges, 3, &texts);
    assert_int_equal(charges[0].state, TENURE_CHARGE_ALLOWED);
    assert_int_equal(charges[1].state, TENURE_CHARGE_FAILS);
    assert_int_equal(charges[2].state, TENURE_CHARGE_ALLOWED);
}

static void max_growth_is_for_all_that_grows(void **state)
{
    (void)state;
    struct tenure_policy policy = TENURE_POLICY_DEFAULT;
    policy.max_growth_bytes = 100;
    struct tenure_charge charges[] = {charge(TENURE_CLASS_GROWN, 1, 50),
                                      charge(TENURE_CLASS_LEAK, 1, 50),
                                      charge(TENURE_CLASS_LOST, 1, 1)};
    tenure_policy_apply(&policy, charges, 3, &texts);
    assert_int_equal(charges[0].state, TENURE_CHARGE_ALLOWED);
    assert_int_equal(charges[1].state, TENURE_CHARGE_ALLOWED);
    assert_int_equal(charges[2].state, TENURE_CHARGE_FAILS);
    charges[0] = charge(TENURE_CLASS_GROWN, 1, 51);
    charges[1] = charge(TENURE_CLASS_LEAK, 1, 50);
    tenure_policy_apply(&policy, charges, 3, &texts);
    assert_int_equal(charges[0].state, TENURE_CHARGE_FAILS);
}

static void what_is_accepted_already_does_not_use_a_budget(void **state)
{
    (void)state;
    struct tenure_policy policy = TENURE_POLICY_DEFAULT;
    policy.max_lost_bytes = 10;
    struct tenure_charge charges[] = {charge(TENURE_CLASS_LOST, 500, 0),
                                      charge(TENURE_CLASS_LOST, 10, 0)};
    charges[0].state = TENURE_CHARGE_SUPPRESSED;
    tenure_policy_apply(&policy, charges, 2, &texts);
    assert_int_equal(charges[0].state, TENURE_CHARGE_SUPPRESSED);
    assert_int_equal(charges[1].state, TENURE_CHARGE_ALLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_grown_and_leak_fail_unless_told_otherwise),
        cmocka_unit_test(classes_are_a_list),
        cmocka_unit_test(a_rate_may_say_that_it_is_one),
        cmocka_unit_test(small_findings_pass_below_min_bytes),
        cmocka_unit_test(max_lost_is_for_all_of_them_together),
        cmocka_unit_test(max_growth_is_for_all_that_grows),
        cmocka_unit_test(what_is_accepted_already_does_not_use_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
