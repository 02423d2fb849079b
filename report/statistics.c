/*
 * Robust statistics for short series: a leak is judged on four to a dozen
 * points, some of them disturbed by start-up, so medians stand where means
 * would be pulled.
 *
 * Arrays come in from the verdict, numbers go out; nothing is kept.
 */
#include "report/statistics.h"

#include <math.h>
#include <stdlib.h>

static const double z_95 = 1.6448536269514722; /* one-sided */

double tenure_upper_bound(double hits, double trials)
{
    if (trials <= 0)
        return 1;
    if (hits <= 0)
        return fmin(1, 3 / trials);
    double p = hits / trials, zz = z_95 * z_95;
    double centre = p + zz / (2 * trials);
    double spread =
        z_95 * sqrt(p * (1 - p) / trials + zz / (4 * trials * trials));
    return fmin(1, (centre + spread) / (1 + zz / trials));
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median_of_sorted(const double *values, size_t count)
{
    if (!count)
        return 0;
    if (count % 2)
        return values[count / 2];
    return (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Most series are short, and qsort() takes its time over those. */
static void sort(double *values, size_t count)
{
    if (count > 32) {
        qsort(values, count, sizeof *values, ascending);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        size_t at = i;
        for (; at && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

double tenure_median(double *values, size_t count)
{
    sort(values, count);
    return median_of_sorted(values, count);
}

/* Sen's interval: the pairs' slopes are ranked, and Kendall's S says how many
 * ranks around the middle a chance order may take. */
static void interval(struct tenure_slope *result, const double *slopes,
                     size_t pairs, size_t points)
{
    double n = (double)points, low = 0, high = (double)pairs - 1;
    if (points >= 4) {
        double reach = z_95 * sqrt(n * (n - 1) * (2 * n + 5) / 18);
        low = fmax(low, floor(((double)pairs - reach) / 2));
        high = fmin(high, ceil(((double)pairs + reach) / 2));
    }
    result->low = slopes[(size_t)low];
    result->high = slopes[(size_t)high];
}

struct tenure_slope tenure_theil_sen(const double *x, const double *y,
                                     size_t count)
{
    static const size_t most = TENURE_SLOPE_POINTS;
    double slopes[TENURE_SLOPE_POINTS * (TENURE_SLOPE_POINTS - 1) / 2];
    struct tenure_slope result = {0, 0, 0};
    size_t pairs = 0, first = count > most ? count - most : 0;

    for (size_t i = first; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (x[j] != x[i])
                slopes[pairs++] = (y[j] - y[i]) / (x[j] - x[i]);
    if (!pairs)
        return result;
    result.slope = tenure_median(slopes, pairs);
    interval(&result, slopes, pairs, count - first);
    return result;
}
