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
static const double idle_share = 0.25;
static const double work_least = 1.0 / 3, work_most = 3;

static double work_between(const struct tenure_timeline *timeline,
                           uint32_t then, uint32_t now)
{
    const uint64_t *all = timeline->allocated_blocks;
    return all && all[now] > all[then] ? (double)(all[now] - all[then]) : 0;
}

/* Where the usual is a few allocations, those of one site that grows can be
 * all of them: a generation without would be idle, and growth would never be
 * seen to slow or stop. So few tell nothing of work: 0. */
static const double busy_blocks = 16;

static double usual_work(const struct tenure_timeline *timeline,
                         const uint32_t *columns, uint32_t count)
{
    double sorted[TENURE_MATRIX_MAX];
    for (uint32_t g = 1; g < count; g++)
        sorted[g - 1] = work_between(timeline, columns[g - 1], columns[g]);
    double usual = count > 1 ? tenure_median(sorted, count - 1) : 0;
    return usual < busy_blocks ? 0 : usual;
}

/* Who survives an idle generation has not been put to the test: it is made
 * one with the busy one before it. */
static uint32_t merge_idle(const struct tenure_timeline *timeline,
                           uint32_t *columns, uint32_t count)
{
    double least = idle_share * usual_work(timeline, columns, count);
    uint32_t kept = 0;
    for (uint32_t g = 0; g < count; g++)
        if (g + 1 == count ||
            work_between(timeline, columns[g], columns[g + 1]) >= least)
            columns[kept++] = columns[g];
    return kept;
}

static uint32_t newest_running(const struct tenure_timeline *timeline,
                               uint32_t *columns)
{
    uint32_t running = 0, count = 0;
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        running += !timeline->at_exit[i];
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        if (!timeline->at_exit[i] && running-- <= TENURE_MATRIX_MAX)
            columns[count++] = i;
    return count;
}

void tenure_matrix_open(struct tenure_matrix *matrix,
                        const struct tenure_timeline *timeline)
{
    uint32_t *columns = matrix->column;
    matrix->count =
        merge_idle(timeline, columns, newest_running(timeline, columns));
    double usual = usual_work(timeline, columns, matrix->count);
    for (uint32_t g = 0; g < matrix->count; g++) {
        matrix->time_s[g] = timeline->age_s[columns[g]];
        matrix->work[g] = 1;
        if (g && usual > 0)
            matrix->work[g] =
                fmin(work_most,
                     fmax(work_least,
                          work_between(timeline, columns[g - 1], columns[g]) /
                              usual));
    }
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
