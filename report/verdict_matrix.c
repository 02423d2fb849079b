/*
 * From the sparse cohorts of the join to the dense matrix of the verdict.
 *
 * The timeline decides which snapshots are columns and how much work each
 * generation did; then every cohort is added to the row of the column that
 * saw it first. Cohorts that only the exit snapshot saw have no row.
 */
#include "report/verdict_matrix.h"

#include <math.h>
#include <string.h>

#include "report/statistics.h"

/* A generation with less work than this share of the usual is idle, and no
 * generation counts for more or less than these times the usual. */
static const double idle_share = 0.05;
static const double work_least = 1.0 / 3, work_most = 3;

static void weigh_work(struct tenure_matrix *matrix,
                       const struct tenure_timeline *timeline)
{
    double done[TENURE_MATRIX_MAX], sorted[TENURE_MATRIX_MAX];
    uint32_t known = 0;

    for (uint32_t g = 1; g < matrix->count; g++) {
        const uint64_t *all = timeline->allocated_blocks;
        uint32_t now = matrix->column[g], then = matrix->column[g - 1];
        done[g] =
            all && all[now] > all[then] ? (double)(all[now] - all[then]) : 0;
        sorted[known++] = done[g];
    }
    double usual = tenure_median(sorted, known);
    for (uint32_t g = 0; g < matrix->count; g++) {
        matrix->work[g] = 1;
        matrix->idle[g] = false;
        if (!g || usual <= 0)
            continue;
        matrix->idle[g] = done[g] < idle_share * usual;
        matrix->work[g] = fmin(work_most, fmax(work_least, done[g] / usual));
    }
}

void tenure_matrix_open(struct tenure_matrix *matrix,
                        const struct tenure_timeline *timeline)
{
    uint32_t running = 0;
    matrix->count = 0;
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        running += !timeline->at_exit[i];
    for (uint32_t i = timeline->base; i < timeline->count; i++) {
        if (timeline->at_exit[i] || running-- > TENURE_MATRIX_MAX)
            continue;
        matrix->column[matrix->count] = i;
        matrix->time_s[matrix->count] = timeline->age_s[i];
        matrix->count++;
    }
    weigh_work(matrix, timeline);
}

/* The row of a cohort that snapshot `first` saw first; count = none. */
static uint32_t row_of(const struct tenure_matrix *matrix, uint32_t first)
{
    for (uint32_t g = 0; g < matrix->count; g++)
        if (first <= matrix->column[g])
            return g;
    return matrix->count;
}

/* Expected samples per estimated block: a sampled block of s bytes stands for
 * 1 / (1 - exp(-s / interval)) blocks. Taken once per cohort, so that its
 * count only falls. */
static double samples_per_block(const struct tenure_timeline *timeline,
                                const struct tenure_cohort *cohort)
{
    if (!timeline->sample_bytes)
        return 1;
    uint64_t blocks = cohort->blocks[cohort->first];
    uint64_t bytes = cohort->bytes[cohort->first];
    if (!blocks || !bytes)
        return 1;
    double size = (double)bytes / (double)blocks;
    return 1 - exp(-size / (double)timeline->sample_bytes);
}

static void add_cohort(struct tenure_matrix *matrix,
                       const struct tenure_timeline *timeline,
                       const struct tenure_cohort *cohort)
{
    uint32_t g = row_of(matrix, cohort->first);
    if (g == matrix->count)
        return;
    double weight = samples_per_block(timeline, cohort);
    for (uint32_t k = g; k < matrix->count; k++) {
        uint32_t column = matrix->column[k];
        matrix->blocks[g][k] += weight * (double)cohort->blocks[column];
        matrix->bytes[g][k] += (double)cohort->bytes[column];
    }
}

void tenure_matrix_fill(struct tenure_matrix *matrix,
                        const struct tenure_population *const *populations,
                        uint32_t count)
{
    for (uint32_t g = 0; g < matrix->count; g++) {
        memset(matrix->blocks[g], 0, matrix->count * sizeof(double));
        memset(matrix->bytes[g], 0, matrix->count * sizeof(double));
    }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < populations[i]->cohort_count; j++)
            add_cohort(matrix, populations[i]->timeline,
                       &populations[i]->cohorts[j]);
}

double tenure_matrix_deaths(const struct tenure_matrix *matrix, uint32_t g,
                            uint32_t k)
{
    return fmax(0, matrix->blocks[g][k - 1] - matrix->blocks[g][k]);
}

double tenure_matrix_blocks_of_age(const struct tenure_matrix *matrix,
                                   uint32_t k, uint32_t age)
{
    double sum = 0;
    for (uint32_t g = 0; g <= k; g++)
        if (!g || g + age <= k)
            sum += matrix->blocks[g][k];
    return sum;
}

double tenure_matrix_bytes_of_age(const struct tenure_matrix *matrix,
                                  uint32_t k, uint32_t age)
{
    double sum = 0;
    for (uint32_t g = 0; g <= k; g++)
        if (!g || g + age <= k)
            sum += matrix->bytes[g][k];
    return sum;
}
