/*
 * The order of the rules: which test names a site when several could.
 *
 * A population becomes a cohort matrix; the tests of verdict_leak and
 * verdict_shape give their numbers; this file turns them into one class, a
 * rate and a confidence.
 */
#include "report/verdict_rules.h"

#include <math.h>
#include <string.h>

#include "report/statistics.h"

const struct tenure_rules tenure_rules = {
#define X(name, value, meaning, source) .name = (value),
    TENURE_RULES(X)
#undef X
};

const char *tenure_class_name(enum tenure_site_class class)
{
    static const char *const names[TENURE_CLASS_COUNT] = {
        "unknown", "lost",    "grown",    "leak",    "unbounded",
        "suspect", "warming", "cache",    "backlog", "one-off",
        "pool",    "steady",  "shrinking"};
    return class < TENURE_CLASS_COUNT ? names[class] : names[0];
}

bool tenure_is_held(const struct tenure_population *population)
{
    return population->held.share >= tenure_rules.container;
}

bool tenure_is_bounded(const struct tenure_population *population)
{
    const struct tenure_held *held = &population->held;
    double filled = (double)held->filled;
    return tenure_is_held(population) && held->older && held->unresized &&
           (double)held->blocks <= tenure_rules.container_each * filled &&
           filled >= tenure_rules.container_full * (double)held->words;
}

static bool all_bounded(const struct tenure_population *const *sites,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!tenure_is_bounded(sites[i]))
            return false;
    return true;
}

/* Few big blocks whose number grows by fits and starts is a pool; one more
 * in every generation is not. */
static bool is_big_and_few(const struct tenure_matrix *matrix)
{
    uint32_t last = matrix->count - 1;
    double blocks = tenure_matrix_blocks_of_age(matrix, last, 0);
    return blocks <= tenure_rules.pool_blocks &&
           tenure_matrix_bytes_of_age(matrix, last, 0) >=
               tenure_rules.pool_block_bytes * blocks;
}

static enum tenure_site_class suspicion(const struct tenure_matrix *matrix,
                                        const struct tenure_leak_test *test)
{
    if (test->balanced >= 2)
        return TENURE_CLASS_CACHE;
    if (test->held >= tenure_rules.held && test->held > test->gap)
        return tenure_benign_shape(matrix, test);
    if (is_big_and_few(matrix) && !tenure_leak_is_regular(test))
        return TENURE_CLASS_POOL;
    return TENURE_CLASS_SUSPECT;
}

static enum tenure_site_class
by_growth(const struct tenure_matrix *matrix,
          const struct tenure_population *const *populations, uint32_t count,
          const struct tenure_leak_test *test)
{
    bool sparse = test->level == TENURE_LEAK_SPARSE;
    if (test->level == TENURE_LEAK_NO)
        return tenure_benign_shape(matrix, test);
    if (test->level == TENURE_LEAK_SUSPECT ||
        matrix->count < tenure_rules.leak_snapshots ||
        (sparse && matrix->count < tenure_rules.sparse_snapshots))
        return suspicion(matrix, test);
    bool declines = test->decline_z < tenure_rules.decline_z &&
                    (test->late_share < tenure_rules.decline_share ||
                     test->later_z < tenure_rules.decline_no_z);
    if (declines || all_bounded(populations, count))
        return TENURE_CLASS_UNBOUNDED;
    return TENURE_CLASS_LEAK;
}

static enum tenure_site_class
classify(const struct tenure_matrix *matrix,
         const struct tenure_population *const *populations, uint32_t count,
         struct tenure_site_verdict *verdict)
{
    if (matrix->count >= tenure_rules.suspect_snapshots) {
        tenure_leak_best(matrix, &verdict->test);
        if (count == 1)
            tenure_growth_test(matrix, populations[0], &verdict->growth);
    }
    if (verdict->lost_blocks)
        return TENURE_CLASS_LOST;
    if (matrix->count < tenure_rules.suspect_snapshots)
        return TENURE_CLASS_UNKNOWN;
    if (verdict->growth.grown)
        return TENURE_CLASS_GROWN;
    enum tenure_site_class class =
        by_growth(matrix, populations, count, &verdict->test);
    return verdict->growth.steady && !tenure_class_accuses(class)
               ? TENURE_CLASS_SUSPECT
               : class;
}

/* Tenured bytes over time: the young come and go with the traffic. */
static void take_rate(const struct tenure_matrix *matrix,
                      struct tenure_site_verdict *verdict)
{
    double bytes[TENURE_MATRIX_MAX];
    uint32_t age = verdict->growth.steady ? 0
                   : verdict->test.age    ? verdict->test.age
                                          : 1;
    uint32_t first = age + verdict->test.skipped, count = matrix->count;
    if (first + 2 > count)
        return;
    for (uint32_t k = first; k < count; k++)
        bytes[k] = tenure_matrix_bytes_of_age(matrix, k, age);
    struct tenure_slope slope =
        tenure_theil_sen(matrix->time_s + first, bytes + first, count - first);
    verdict->rate = slope.slope;
    verdict->rate_low = slope.low;
    verdict->rate_high = slope.high;
}

bool tenure_class_accuses(enum tenure_site_class class)
{
    return class >= TENURE_CLASS_LOST && class <= TENURE_CLASS_SUSPECT;
}

static void take_limit(const struct tenure_timeline *timeline,
                       struct tenure_site_verdict *verdict)
{
    if (!tenure_class_accuses(verdict->class) || verdict->rate <= 0 ||
        !timeline->limit_bytes || !timeline->rss_bytes)
        return;
    uint64_t rss = timeline->rss_bytes[timeline->count - 1];
    if (rss < timeline->limit_bytes)
        verdict->seconds_to_limit =
            (double)(timeline->limit_bytes - rss) / verdict->rate;
}

/* A residue that falls by the same factor every half of the window goes on
 * as a geometric series. */
static void take_plateau(const struct tenure_matrix *matrix,
                         struct tenure_site_verdict *verdict)
{
    const struct tenure_leak_test *test = &verdict->test;
    uint32_t last = matrix->count - 1;
    if (verdict->class != TENURE_CLASS_WARMING || test->late_share >= 1)
        return;
    double late = 0;
    uint32_t half = (last > test->age ? last - test->age : 0) / 2;
    for (uint32_t i = 0; i < half; i++)
        late += matrix->bytes[last - test->age - i][last];
    verdict->plateau_bytes = tenure_matrix_bytes_of_age(matrix, last, 0) +
                             late * test->late_share / (1 - test->late_share);
}

/* For a finding that rests on survival: the lower bound of the chance that a
 * tenured block survives a generation, less where the evidence was not
 * enough for the class above. For the rest: how long we looked. */
static double confidence_of(const struct tenure_site_verdict *verdict)
{
    double looked =
        verdict->snapshots ? 1 - 1.0 / (double)verdict->snapshots : 0;
    switch (verdict->class) {
    case TENURE_CLASS_UNKNOWN:
        return 0;
    case TENURE_CLASS_LOST:
        return 0.99;
    case TENURE_CLASS_GROWN:
        return 1 - pow(0.5, verdict->growth.rising);
    case TENURE_CLASS_LEAK:
        return 1 - verdict->test.bound;
    case TENURE_CLASS_UNBOUNDED:
        return 0.75 * (1 - verdict->test.bound);
    case TENURE_CLASS_SUSPECT:
        return 0.5 * (1 - verdict->test.bound);
    default:
        return looked;
    }
}

void tenure_judge_site(const struct tenure_population *const *populations,
                       uint32_t count, struct tenure_matrix *scratch,
                       struct tenure_site_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    tenure_matrix_open(scratch, populations[0]->timeline);
    tenure_matrix_fill(scratch, populations, count);
    verdict->snapshots = scratch->count;
    tenure_take_lost(populations, count, verdict);
    verdict->class = classify(scratch, populations, count, verdict);
    take_rate(scratch, verdict);
    take_limit(populations[0]->timeline, verdict);
    take_plateau(scratch, verdict);
    verdict->confidence = confidence_of(verdict);
}
