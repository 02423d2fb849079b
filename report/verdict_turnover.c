/*
 * How the old die: hazard, clearings, and deaths against births.
 *
 * A filled cohort matrix and a test with its age and start-up come in; the
 * numbers go into the test.
 */
#include "report/verdict_turnover.h"

#include <math.h>

#include "report/statistics.h"

void tenure_count_deaths(const struct tenure_matrix *matrix,
                         struct tenure_leak_test *test)
{
    uint32_t last = matrix->count - 1;
    for (uint32_t g = test->skipped + 1; g + test->age < last + 1; g++) {
        for (uint32_t k = g + test->age; k < last; k++)
            test->exposures += matrix->blocks[g][k];
        test->deaths +=
            fmax(0, matrix->blocks[g][g + test->age] - matrix->blocks[g][last]);
    }
    test->hazard = test->exposures > 0 ? test->deaths / test->exposures : 1;
    test->bound = tenure_upper_bound(test->deaths, test->exposures);
}

static double newborn_tenured(const struct tenure_matrix *matrix,
                              const struct tenure_leak_test *test)
{
    double sum = 0;
    uint32_t generations = 0;
    for (uint32_t g = test->skipped + 1; g + test->age < matrix->count; g++) {
        sum += matrix->blocks[g][g + test->age];
        generations++;
    }
    return generations ? sum / generations : 0;
}

/*
 * Does the site clear old blocks in bulk (a compaction, an arena, an epoch),
 * and how often was that seen? Who survived one clearing may go with the
 * next. Where old blocks die in every interval, that is no clearing.
 */
static uint32_t count_clearings(const struct tenure_matrix *matrix)
{
    double dead[TENURE_MATRIX_MAX], sorted[TENURE_MATRIX_MAX];
    double alive[TENURE_MATRIX_MAX];
    uint32_t clearings = 0, intervals = 0;
    for (uint32_t k = 3; k < matrix->count; k++, intervals++) {
        dead[intervals] = alive[intervals] = 0;
        for (uint32_t g = 1; g + 1 < k; g++) {
            dead[intervals] += tenure_matrix_deaths(matrix, g, k);
            alive[intervals] += matrix->blocks[g][k - 1];
        }
        sorted[intervals] = dead[intervals];
    }
    double usual = tenure_rules.spike * tenure_median(sorted, intervals);
    for (uint32_t i = 0; i < intervals; i++)
        clearings += dead[i] > 0 && dead[i] >= usual &&
                     dead[i] >= tenure_rules.clearing * alive[i];
    return clearings;
}

static double tenured_deaths(const struct tenure_matrix *matrix, uint32_t age,
                             uint32_t k)
{
    double sum = 0;
    for (uint32_t g = 1; g + age + 1 <= k; g++)
        sum += tenure_matrix_deaths(matrix, g, k);
    return sum;
}

/* What died of row 0 before its youngest could be judged, less what dies of
 * any generation at that age. */
static double early_deaths(const struct tenure_matrix *matrix, uint32_t k)
{
    double usual = 0;
    uint32_t generations = 0;
    for (uint32_t g = 1; g + k < matrix->count; g++, generations++)
        usual += tenure_matrix_deaths(matrix, g, g + k);
    return generations ? fmax(0, tenure_matrix_deaths(matrix, 0, k) -
                                     usual / generations)
                       : 0;
}

struct deaths {
    double before; /* of row 0 */
    double most;   /* of row 0, in one interval */
    uint32_t most_at;
    double inside; /* of the rows born inside the window, tenured */
    double young;  /* the same, of age 1 up to tenure */
    uint32_t intervals;
};

static struct deaths sum_deaths(const struct tenure_matrix *matrix,
                                struct tenure_leak_test *test)
{
    struct deaths sum = {0, 0, 0, 0, 0, 0};
    uint32_t first = test->skipped + test->age + 1;
    for (uint32_t k = first; k < matrix->count; k++) {
        double old = tenure_matrix_deaths(matrix, 0, k);
        double own = tenured_deaths(matrix, test->age, k);
        sum.before += old;
        sum.inside += own;
        sum.young += tenured_deaths(matrix, 1, k) - own;
        if (old > sum.most) {
            sum.most = old;
            sum.most_at = k;
        }
        bool balances =
            old + own > 0 && old + own >= tenure_rules.balanced * test->inflow;
        test->balanced = balances ? test->balanced + 1 : 0;
        sum.intervals++;
    }
    return sum;
}

void tenure_count_turnover(const struct tenure_matrix *matrix,
                           struct tenure_leak_test *test)
{
    test->clearings = count_clearings(matrix);
    test->inflow = newborn_tenured(matrix, test);
    struct deaths sum = sum_deaths(matrix, test);
    double deaths = sum.before + sum.inside;
    if (matrix->count <= tenure_rules.few_snapshots)
        for (uint32_t k = 1; k <= test->age; k++)
            deaths += early_deaths(matrix, k);
    else if (sum.most_at + 2 < matrix->count &&
             sum.most >= tenure_rules.reload * sum.before &&
             sum.inside + sum.young <= tenure_rules.hazard * test->inflow)
        deaths -= sum.most;
    test->turnover =
        test->inflow > 0 ? deaths / fmax(1, sum.intervals) / test->inflow : 9;
}
