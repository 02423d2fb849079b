/*
 * The few statistics the verdict stands on. Pure functions of their
 * arguments: no state, thread-safe, and the same result on every run.
 */
#ifndef TENURE_REPORT_STATISTICS_H
#define TENURE_REPORT_STATISTICS_H

#include <stddef.h>

/* Points that tenure_theil_sen() looks at: the newest ones count. */
#define TENURE_SLOPE_POINTS 64u

struct tenure_slope {
    double slope; /* y per x */
    double low;   /* 90 % confidence interval, from Kendall's S */
    double high;
};

/*
 * The one-sided 95 % upper bound of a proportion after `hits` in `trials`
 * (both may be fractional): Wilson's score, and the rule of three when
 * nothing was hit. 1 when there were no trials.
 */
double tenure_upper_bound(double hits, double trials);

/*
 * The median slope of all pairs of points and its interval (Sen 1968). All
 * zeros when fewer than two points have different x. With fewer than four
 * points the interval is the whole range of slopes.
 */
struct tenure_slope tenure_theil_sen(const double *x, const double *y,
                                     size_t count);

/* The median; 0 for none. Sorts `values` in place. */
double tenure_median(double *values, size_t count);

#endif
