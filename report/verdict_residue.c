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
        if (matrix->idle[g] && left <= 0)
            continue;
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

void tenure_residues_compare(const struct tenure_residues *residues,
                             double *late_share, double *decline_z)
{
    double values[TENURE_MATRIX_MAX];
    uint32_t half = residues->count / 2;

    *late_share = half ? 0 : 1;
    *decline_z = half ? -9 : 0;
    for (int per_work = 0; per_work < 2 && half; per_work++) {
        for (uint32_t i = 0; i < residues->count; i++)
            values[i] =
                fmin(residues->left[i], tenure_rules.spike * residues->usual) /
                (per_work ? residues->work[i] : 1);
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
