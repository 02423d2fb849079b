/* The statistics against values worked out by hand or published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "report/statistics.h"

static void near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%.9g is not %.9g", value, expected);
}

static void no_deaths_give_the_rule_of_three(void **state)
{
    (void)state;
    near(tenure_upper_bound(0, 60), 0.05, 1e-12);
    near(tenure_upper_bound(0, 412), 3.0 / 412, 1e-12);
    near(tenure_upper_bound(0, 2), 1, 0);
    near(tenure_upper_bound(0, 0), 1, 0);
}

static void the_upper_bound_is_wilsons(void **state)
{
    (void)state;
    /* 10 of 100, one-sided 95 %: 0.1588 (Wilson 1927's score interval). */
    near(tenure_upper_bound(10, 100), 0.1603, 0.002);
    assert_true(tenure_upper_bound(1, 100) > 0.01);
    assert_true(tenure_upper_bound(100, 100) <= 1);
}

static void a_straight_line_has_its_own_slope(void **state)
{
    (void)state;
    double x[] = {0, 1, 2, 4, 8}, y[] = {5, 8, 11, 17, 29};
    struct tenure_slope s = tenure_theil_sen(x, y, 5);
    near(s.slope, 3, 1e-12);
    near(s.low, 3, 1e-12);
    near(s.high, 3, 1e-12);
}

static void one_wild_point_does_not_move_the_slope(void **state)
{
    (void)state;
    double x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    double y[] = {1000, 12, 14, 16, 18, 20, 22, 24};
    struct tenure_slope s = tenure_theil_sen(x, y, 8);
    near(s.slope, 2, 1e-12);
    assert_true(s.low <= 2 && s.high >= 2);
}

static void points_at_one_moment_have_no_slope(void **state)
{
    (void)state;
    double x[] = {3, 3, 3}, y[] = {1, 2, 3};
    assert_true(tenure_theil_sen(x, y, 3).slope == 0);
    assert_true(tenure_theil_sen(x, y, 1).slope == 0);
    assert_true(tenure_theil_sen(x, y, 0).slope == 0);
}

static void the_newest_points_of_a_long_series_count(void **state)
{
    (void)state;
    double x[200], y[200];
    for (int i = 0; i < 200; i++) {
        x[i] = i;
        y[i] = i < 100 ? 0 : 7 * (i - 100);
    }
    near(tenure_theil_sen(x, y, 200).slope, 7, 1e-12);
}

static void the_median_of_an_even_number_lies_between(void **state)
{
    (void)state;
    double v[] = {9, 1, 4, 2};
    near(tenure_median(v, 4), 3, 1e-12);
    near(tenure_median(v, 3), 2, 1e-12);
    near(tenure_median(v, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_deaths_give_the_rule_of_three),
        cmocka_unit_test(the_upper_bound_is_wilsons),
        cmocka_unit_test(a_straight_line_has_its_own_slope),
        cmocka_unit_test(one_wild_point_does_not_move_the_slope),
        cmocka_unit_test(points_at_one_moment_have_no_slope),
        cmocka_unit_test(the_newest_points_of_a_long_series_count),
        cmocka_unit_test(the_median_of_an_even_number_lies_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
