/*
 * Which findings are one finding.
 *
 * Accused sites come in, heaviest first; out goes the leader of each.
 */
#include "report/fold.h"

#include <math.h>

/* How far a proportion may be off: one block, and this share for members
 * that a struct has not always the same number of. */
static const double proportion_slack = 0.15;

enum { GENERATIONS_MAX = 256 };

/* What each generation left in the newest running snapshot. Row 0 is no
 * generation, and the newest may still lose what is in flight. */
static uint32_t residues(const struct tenure_population *population,
                         double *left)
{
    const struct tenure_timeline *timeline = population->timeline;
    uint32_t last = timeline->count - 1, count = 0;
    while (last > timeline->base && timeline->at_exit[last])
        last--;
    if (last - timeline->base > GENERATIONS_MAX)
        return 0;
    for (uint32_t k = timeline->base + 1; k < last; k++)
        left[count++] = 0;
    for (uint32_t i = 0; i < population->cohort_count; i++) {
        const struct tenure_cohort *cohort = &population->cohorts[i];
        if (cohort->first > timeline->base && cohort->first < last)
            left[cohort->first - timeline->base - 1] +=
                (double)cohort->blocks[last];
    }
    return count;
}

bool tenure_fold_same_fate(const struct tenure_population *a,
                           const struct tenure_population *b)
{
    double left_a[GENERATIONS_MAX], left_b[GENERATIONS_MAX];
    double sum_a = 0, sum_b = 0;
    uint32_t count = residues(a, left_a), some = 0;
    if (count != residues(b, left_b))
        return false;
    for (uint32_t g = 0; g < count; g++) {
        sum_a += left_a[g];
        sum_b += left_b[g];
        some += left_a[g] > 0 && left_b[g] > 0;
    }
    if (some < 2)
        return false;
    /* The more numerous one is compared with the multiple of the other. */
    const double *few = sum_a < sum_b ? left_a : left_b;
    const double *many = sum_a < sum_b ? left_b : left_a;
    double factor = fmax(sum_a, sum_b) / fmin(sum_a, sum_b);
    for (uint32_t g = 0; g < count; g++) {
        double expected = factor * few[g];
        if (fabs(many[g] - expected) > 1 + proportion_slack * expected)
            return false;
    }
    return true;
}

static bool has_own(const struct tenure_fold_site *site, uint32_t from,
                    uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (site->stack[i].own)
            return true;
    return false;
}

bool tenure_fold_common_caller(const struct tenure_fold_site *a,
                               const struct tenure_fold_site *b)
{
    uint32_t least = a->depth < b->depth ? a->depth : b->depth, common = 0;
    while (common < least &&
           a->stack[common].function == b->stack[common].function)
        common++;
    if (!common)
        return false;
    if (common == least)
        return true;
    return has_own(a, 0, common) && !has_own(a, common, a->depth) &&
           !has_own(b, common, b->depth);
}

static bool may_fold(const struct tenure_fold_site *leader,
                     const struct tenure_fold_site *member)
{
    enum tenure_site_class class = leader->verdict->class;
    return class == member->verdict->class && tenure_class_accuses(class) &&
           class != TENURE_CLASS_GROWN &&
           tenure_fold_common_caller(leader, member) &&
           tenure_fold_same_fate(leader->population, member->population);
}

void tenure_fold_sites(const struct tenure_fold_site *sites, uint32_t count,
                       uint32_t *leaders)
{
    for (uint32_t i = 0; i < count; i++) {
        leaders[i] = i;
        for (uint32_t j = 0; j < i; j++) {
            if (leaders[j] == j && may_fold(&sites[j], &sites[i])) {
                leaders[i] = j;
                break;
            }
        }
    }
}
