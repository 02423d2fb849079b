/*
 * The leak test: do the blocks of a site that got old still die?
 *
 * A filled cohort matrix comes in. For each tenure age A the test counts
 * exposures and deaths of blocks of age >= A, looks at what every judged
 * generation left behind, and at whether that goes on; the best A is kept.
 */
#include "report/verdict_rules.h"

#include <math.h>
#include <string.h>

#include "report/statistics.h"
#include "report/verdict_residue.h"
#include "report/verdict_turnover.h"

static void count_survivors(const struct tenure_residues *residues,
                            struct tenure_leak_test *test)
{
    uint32_t run = 0;
    test->judged = residues->count;
    for (uint32_t i = 0; i < residues->count; i++) {
        double left = residues->left[i];
        test->survivors += left;
        test->surviving += tenure_residues_count(residues, left);
        if (left <= 0) {
            run++;
            continue;
        }
        if (test->survivors > left && run > test->gap)
            test->gap = run; /* not the run before the first */
        run = 0;
    }
    test->held = run;
}

/* A generation too young to be judged leaves what it has now at most: an
 * empty one leaves nothing, and is as good as judged. */
static void count_empty(const struct tenure_matrix *matrix,
                        struct tenure_leak_test *test)
{
    uint32_t last = matrix->count - 1, run = 0;
    bool ended = false;
    for (uint32_t g = last; g + test->age > last && g; g--) {
        bool empty = matrix->blocks[g][last] <= 0;
        ended |= !empty;
        test->judged += empty;
        run += !ended;
    }
    test->held = run + (ended ? 0 : test->held);
}

/* The generations too young to be judged will leave no more than they have
 * now: where even that falls off, so does the residue. And a decline is one
 * only while it lasts, that is, in the later half as well. */
static void look_for_decline(const struct tenure_matrix *matrix,
                             const struct tenure_residues *judged,
                             struct tenure_leak_test *test)
{
    struct tenure_residues all, later;
    double share, z;
    tenure_residues_collect(matrix, 0, test->skipped, &all);
    all.usual = judged->usual;
    enum tenure_residue_basis basis = tenure_residues_basis(&all);
    tenure_residues_compare(judged, basis, &test->late_share, &test->decline_z);
    tenure_residues_compare(&all, basis, &share, &z);
    if (share < test->late_share) {
        test->late_share = share;
        test->decline_z = z;
    }
    tenure_residues_later_half(&all, &later);
    tenure_residues_compare(&later, basis, &share, &test->later_z);
}

/* Start-up may be left out only where it stands out as a spike. */
static bool may_skip(const struct tenure_matrix *matrix, uint32_t age,
                     uint32_t skipped)
{
    struct tenure_residues rest;
    if (!skipped)
        return true;
    tenure_residues_collect(matrix, age, skipped, &rest);
    if (rest.count < tenure_rules.leak_snapshots)
        return false;
    double most = 0;
    for (uint32_t i = 0; i < rest.count; i++)
        most = fmax(most, rest.left[i]);
    for (uint32_t g = 1; g <= skipped; g++)
        if (matrix->blocks[g][matrix->count - 1] < tenure_rules.spike * most)
            return false;
    return true;
}

static bool has_stopped(const struct tenure_leak_test *test)
{
    if (test->held >= tenure_rules.held && test->held > test->gap)
        return true;
    return test->held && !test->gap && test->surviving &&
           test->held * test->survivors / test->surviving >=
               tenure_rules.held_expected;
}

/* A handful of blocks in a handful of generations is what any table looks
 * like that has met the last of its few keys. Two judged generations say
 * little as well, unless they say it a hundred times. */
static bool is_enough(const struct tenure_leak_test *test)
{
    if (test->survivors < tenure_rules.few_survivors &&
        test->judged < tenure_rules.many_judged)
        return false;
    if (test->judged >= 3)
        return test->surviving >= 3;
    return test->judged == 2 && test->surviving == 2 && test->deaths <= 0 &&
           test->exposures >= tenure_rules.few_exposures;
}

/* Residues come regularly where none is much farther from the one before
 * than their mean distance. */
bool tenure_leak_is_regular(const struct tenure_leak_test *test)
{
    return test->surviving >= tenure_rules.cover_sparse * test->judged &&
           (test->gap + 1) * test->surviving <=
               tenure_rules.regular * test->judged;
}

static bool is_suspect(const struct tenure_leak_test *test)
{
    const struct tenure_rules *rule = &tenure_rules;
    if (test->late_share < rule->late_share_suspect &&
        test->decline_z < rule->decline_some_z)
        return false;
    return test->exposures >= rule->exposures &&
           test->survivors >= rule->survivors && test->surviving >= 2 &&
           test->hazard <= rule->hazard &&
           test->bound <= rule->hazard_bound_suspect &&
           test->turnover <= rule->turnover_suspect &&
           (tenure_leak_is_regular(test) ||
            test->surviving >= rule->cover_suspect * test->judged);
}

static bool is_leak(const struct tenure_leak_test *test)
{
    const struct tenure_rules *rule = &tenure_rules;
    if (test->late_share < rule->late_share_leak &&
        test->decline_z < rule->decline_no_z)
        return false;
    return is_enough(test) && test->survivors >= rule->survivors_leak &&
           test->bound <= (test->age > 1 ? rule->hazard_bound_old
                                         : rule->hazard_bound_leak) &&
           test->turnover <= rule->turnover_leak && test->clearings != 1 &&
           !test->balanced && !has_stopped(test);
}

static enum tenure_leak_level level_of(const struct tenure_leak_test *test)
{
    if (!is_suspect(test))
        return TENURE_LEAK_NO;
    if (!is_leak(test))
        return TENURE_LEAK_SUSPECT;
    if (test->surviving >= tenure_rules.cover_leak * test->judged ||
        (test->surviving >= tenure_rules.cover_regular * test->judged &&
         tenure_leak_is_regular(test)))
        return TENURE_LEAK_YES;
    return tenure_leak_is_regular(test) &&
                   test->survivors >= tenure_rules.sparse_survivors &&
                   test->bound <= tenure_rules.sparse_bound
               ? TENURE_LEAK_SPARSE
               : TENURE_LEAK_SUSPECT;
}

void tenure_leak_test(const struct tenure_matrix *matrix, uint32_t age,
                      uint32_t skipped, struct tenure_leak_test *test)
{
    struct tenure_residues residues;
    memset(test, 0, sizeof *test);
    test->age = age;
    test->skipped = skipped;
    tenure_residues_collect(matrix, age, skipped, &residues);
    count_survivors(&residues, test);
    count_empty(matrix, test);
    tenure_count_deaths(matrix, test);
    tenure_count_turnover(matrix, test);
    look_for_decline(matrix, &residues, test);
    test->level = level_of(test);
}

/* Deaths alone rule most ages out; the rest of the test costs more. */
static bool is_promising(const struct tenure_matrix *matrix, uint32_t age,
                         uint32_t skipped)
{
    struct tenure_leak_test test = {.age = age, .skipped = skipped};
    tenure_count_deaths(matrix, &test);
    return test.exposures >= tenure_rules.exposures &&
           test.hazard <= tenure_rules.hazard &&
           test.bound <= tenure_rules.hazard_bound_suspect;
}

/* From A = 0 on, but that only where not even the young die: then the newest
 * generation can be judged like the others. With four snapshots that is too
 * good to be believed. */
void tenure_leak_best(const struct tenure_matrix *matrix,
                      struct tenure_leak_test *best)
{
    uint32_t youngest = matrix->count <= tenure_rules.leak_snapshots;
    tenure_leak_test(matrix, 1, 0, best);
    for (uint32_t skipped = 0; skipped <= tenure_rules.startup_cohorts;
         skipped++) {
        for (uint32_t age = youngest; age + skipped + 1 < matrix->count;
             age++) {
            struct tenure_leak_test test;
            if (!is_promising(matrix, age, skipped) ||
                !may_skip(matrix, age, skipped))
                continue;
            tenure_leak_test(matrix, age, skipped, &test);
            if (!age && test.deaths > 0)
                continue;
            if (test.level > best->level || (!age && test.level == best->level))
                *best = test;
        }
    }
}
