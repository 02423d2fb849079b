/*
 * The other half of the verdict: growth of living blocks by realloc, and the
 * names of populations that nobody needs to worry about.
 *
 * A filled cohort matrix comes in, with the leak test that did not accuse it
 * where a name is asked for.
 */
#include "report/verdict_rules.h"

#include <math.h>
#include <string.h>

#include "report/statistics.h"

/* What realloc added to living blocks between columns k-1 and k. Where a
 * cohort lost no block, its change in bytes can be nothing else. */
static double risen(const struct tenure_matrix *matrix,
                    const struct tenure_population *population, uint32_t k,
                    double *fallen)
{
    double cohorts = 0;
    for (uint32_t g = 0; g < k; g++) {
        double change = matrix->bytes[g][k] - matrix->bytes[g][k - 1];
        if (tenure_matrix_deaths(matrix, g, k) > 0)
            continue;
        if (change > 0)
            cohorts += change;
        else
            *fallen -= change;
    }
    const int64_t *grown = population->grown_bytes;
    double first =
        (double)(grown[matrix->column[k]] - grown[matrix->column[k - 1]]);
    return fmax(cohorts, first);
}

static double late_share_of(const double *values, uint32_t count)
{
    double sorted[TENURE_MATRIX_MAX], early = 0, late = 0;
    uint32_t some = 0, half = count / 2;
    for (uint32_t i = 0; i < count; i++)
        if (values[i] > 0)
            sorted[some++] = values[i];
    double most = tenure_rules.spike * tenure_median(sorted, some);
    for (uint32_t i = 0; i < half; i++) {
        early += fmin(most, values[i]);
        late += fmin(most, values[count - half + i]);
    }
    return early > 0 ? fmin(9, late / early) : 9;
}

static bool grew(const struct tenure_matrix *matrix,
                 const struct tenure_growth_test *test)
{
    const struct tenure_rules *rule = &tenure_rules;
    uint32_t last = matrix->count - 1;
    double net = tenure_matrix_bytes_of_age(matrix, last, 0) -
                 tenure_matrix_bytes_of_age(matrix, 0, 0);
    return test->same_block && test->rising >= 3 &&
           test->rising >= rule->cover_leak * test->intervals &&
           test->falls <= rule->grown_fall * test->rises &&
           test->rises >= rule->grown_share * net &&
           net >= rule->grown_share * (test->rises - test->falls) &&
           test->late_share >= rule->late_share_leak && test->held < rule->held;
}

void tenure_growth_test(const struct tenure_matrix *matrix,
                        const struct tenure_population *population,
                        struct tenure_growth_test *test)
{
    double rises[TENURE_MATRIX_MAX];
    memset(test, 0, sizeof *test);
    for (uint32_t k = 1; k < matrix->count; k++) {
        double rise = fmax(0, risen(matrix, population, k, &test->falls));
        if (2 * k >= matrix->count &&
            population->rising_blocks[matrix->column[k]])
            test->same_block = true;
        rises[test->intervals++] = rise;
        test->rises += rise;
        test->rising += rise > 0;
        test->held = rise > 0 ? 0 : test->held + 1;
    }
    if (test->rises <= 0)
        return;
    test->late_share = late_share_of(rises, test->intervals);
    test->steady =
        matrix->count >= tenure_rules.leak_snapshots && grew(matrix, test);
    test->grown =
        test->steady && test->rises - test->falls >= tenure_rules.grown_bytes;
}

struct course {
    double first, last, peak; /* live bytes */
    double net;               /* last - first */
    double largest;           /* live bytes of the largest cohort of age >= 1 */
    double younger;           /* of all cohorts born inside the window */
};

static struct course course_of(const struct tenure_matrix *matrix)
{
    uint32_t last = matrix->count - 1;
    struct course c = {tenure_matrix_bytes_of_age(matrix, 0, 0),
                       tenure_matrix_bytes_of_age(matrix, last, 0),
                       0,
                       0,
                       0,
                       0};
    for (uint32_t k = 0; k <= last; k++)
        c.peak = fmax(c.peak, tenure_matrix_bytes_of_age(matrix, k, 0));
    for (uint32_t g = 1; g <= last; g++) {
        c.younger += matrix->bytes[g][last];
        if (g < last)
            c.largest = fmax(c.largest, matrix->bytes[g][last]);
    }
    c.net = c.last - c.first;
    return c;
}

static bool is_drained(const struct course *c)
{
    double rise = c->peak - c->first;
    return rise > tenure_rules.flat_bytes && rise > c->first &&
           c->last - c->first <= tenure_rules.drained * rise;
}

static bool is_pool(const struct tenure_matrix *matrix, const struct course *c)
{
    double blocks = tenure_matrix_blocks_of_age(matrix, matrix->count - 1, 0);
    return blocks > 0 && blocks <= tenure_rules.pool_blocks &&
           c->last >= tenure_rules.pool_block_bytes * blocks;
}

/* Old blocks are replaced by new ones: what is alive at the end and old is a
 * good part of the whole, and as many of that age die as are born. */
static bool is_cache(const struct tenure_matrix *matrix,
                     const struct tenure_leak_test *test)
{
    uint32_t last = matrix->count - 1;
    double old = tenure_matrix_blocks_of_age(matrix, last, 1);
    return test->age && test->turnover >= tenure_rules.balanced &&
           test->turnover < 9 && test->deaths > 0 &&
           old >= 0.5 * tenure_matrix_blocks_of_age(matrix, last, 0);
}

enum tenure_site_class tenure_benign_shape(const struct tenure_matrix *matrix,
                                           const struct tenure_leak_test *test)
{
    struct course c = course_of(matrix);
    double flat = fmax(tenure_rules.flat_bytes, tenure_rules.flat * c.first);

    if (is_drained(&c))
        return TENURE_CLASS_BACKLOG;
    if (is_cache(matrix, test))
        return TENURE_CLASS_CACHE;
    if (c.net < -flat)
        return TENURE_CLASS_SHRINKING;
    if (c.net <= flat)
        return TENURE_CLASS_STEADY;
    if (is_pool(matrix, &c))
        return TENURE_CLASS_POOL;
    if (c.largest >= tenure_rules.one_off_share * c.younger)
        return TENURE_CLASS_ONE_OFF;
    if (test->balanced >= 2)
        return TENURE_CLASS_CACHE;
    if (c.net - matrix->bytes[matrix->count - 1][matrix->count - 1] <= flat)
        return TENURE_CLASS_STEADY; /* the young come and go */
    return test->survivors > 0 ? TENURE_CLASS_WARMING : TENURE_CLASS_STEADY;
}
