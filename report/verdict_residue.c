/*
 * What generations leave behind, and whether it becomes less.
 *
 * A filled cohort matrix comes in; the blocks of each judged generation that
 * are still there at the end go out, and a comparison of their halves.
 */
#include "report/verdict_residue.h"

#include <math.h>

#include "report/statistics.h"

void tenure_residues_collect(const struct tenure_matrix *matrix, uint32_t age,
                             uint32_t skipped, struct tenure_residues *residues)
{
    double sorted[TENURE_MATRIX_MAX];
    uint32_t last = matrix->count - 1, some = 0;

    residues->count = 0;
    for (uint32_t g = skipped + 1; g + age <= last; g++) {
        double left = matrix->blocks[g][last];
        residues->left[residues->count] = left;
        residues->work[residues->count++] = matrix->work[g];
        if (left > 0)
            sorted[some++] = left;
    }
    residues->usual = tenure_median(sorted, some);
}

bool tenure_residues_count(const struct tenure_residues *residues, double left)
{
    return left > 0 && left >= tenure_rules.residue * residues->usual;
}

struct halves {
    double early, late; /* sums */
    double spread;      /* squared differences from the half's own mean */
};

static struct halves split(const double *values, uint32_t count)
{
    struct halves sum = {0, 0, 0};
    uint32_t half = count / 2;
    for (uint32_t i = 0; i < half; i++) {
        sum.early += values[i];
        sum.late += values[count - half + i];
    }
    for (uint32_t i = 0; i < half; i++) {
        double e = values[i] - sum.early / half;
        double l = values[count - half + i] - sum.late / half;
        sum.spread += e * e + l * l;
    }
    return sum;
}

/* Spikes cut, and per work done if asked for. */
static void take_values(const struct tenure_residues *residues, bool per_work,
                        double *values)
{
    for (uint32_t i = 0; i < residues->count; i++)
        values[i] =
            fmin(residues->left[i], tenure_rules.spike * residues->usual) /
            (per_work ? residues->work[i] : 1);
}

/* Variance around the straight line through the values, over their mean: 1
 * if only chance is at work. */
static double excess_of(const double *values, uint32_t count)
{
    double mean = 0, slope = 0, squares = 0, rest = 0;
    double middle = (count - 1) / 2.0;
    for (uint32_t i = 0; i < count; i++) {
        mean += values[i] / count;
        slope += (i - middle) * values[i];
        squares += (i - middle) * (i - middle);
    }
    slope /= squares;
    for (uint32_t i = 0; i < count; i++) {
        double off = values[i] - mean - slope * (i - middle);
        rest += off * off;
    }
    return mean > 0 ? rest / mean / (count - 2) : 0;
}

enum tenure_residue_basis
tenure_residues_basis(const struct tenure_residues *residues)
{
    double values[TENURE_MATRIX_MAX];
    if (residues->count < 5)
        return TENURE_BY_EITHER;
    take_values(residues, false, values);
    double generation = excess_of(values, residues->count);
    take_values(residues, true, values);
    double work = excess_of(values, residues->count);
    if (generation > tenure_rules.better_fit * fmax(work, 0.5))
        return TENURE_BY_WORK;
    if (work > tenure_rules.better_fit * fmax(generation, 0.5))
        return TENURE_BY_GENERATION;
    return TENURE_BY_EITHER;
}

void tenure_residues_compare(const struct tenure_residues *residues,
                             enum tenure_residue_basis basis,
                             double *late_share, double *decline_z)
{
    double values[TENURE_MATRIX_MAX];
    uint32_t half = residues->count / 2;

    *late_share = half ? 0 : 1;
    *decline_z = half ? -9 : 0;
    for (int per_work = 0; per_work < 2 && half; per_work++) {
        if (basis == (per_work ? TENURE_BY_GENERATION : TENURE_BY_WORK))
            continue;
        take_values(residues, per_work, values);
        struct halves sum = split(values, residues->count);
        double total = sum.early + sum.late, mean = total / (2 * half);
        double share = sum.early > 0 ? sum.late / sum.early : 9;
        if (total <= 0 || share < *late_share)
            continue;
        double excess = half > 1 ? sum.spread / mean / (2 * half - 2) : 1;
        *late_share = fmin(9, share);
        *decline_z = (sum.late - sum.early) / sqrt(fmax(1, excess) * total);
    }
}

void tenure_residues_later_half(const struct tenure_residues *residues,
                                struct tenure_residues *later)
{
    uint32_t first = residues->count / 2;
    later->count = residues->count - first;
    later->usual = residues->usual;
    for (uint32_t i = 0; i < later->count; i++) {
        later->left[i] = residues->left[first + i];
        later->work[i] = residues->work[first + i];
    }
}
