/*
 * A verdict laid open.
 *
 * A population and its verdict come in; the tests are run again, for every
 * tenure age, and printed beside their limits.
 */
#include "report/explain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/memory.h"

static uint32_t first_shown(const struct tenure_timeline *timeline)
{
    return timeline->count > TENURE_EXPLAIN_COLUMNS
               ? timeline->count - TENURE_EXPLAIN_COLUMNS
               : 0;
}

static void print_row(FILE *to, const struct tenure_timeline *timeline,
                      const uint64_t *values, uint32_t from)
{
    for (uint32_t k = first_shown(timeline); k < timeline->count; k++) {
        if (k < from)
            fprintf(to, " %8s", "");
        else
            fprintf(to, " %8" PRIu64, values[k]);
    }
    fprintf(to, "\n");
}

static void print_matrix(FILE *to, const struct tenure_population *population)
{
    const struct tenure_timeline *timeline = population->timeline;
    fprintf(to,
            "\n  Blocks alive, by the generation they were born in\n\n"
            "  %-10s",
            "snapshot");
    for (uint32_t k = first_shown(timeline); k < timeline->count; k++)
        fprintf(to, " %8u", k + 1);
    fprintf(to, "\n");
    for (uint32_t i = 0; i < population->cohort_count; i++) {
        const struct tenure_cohort *cohort = &population->cohorts[i];
        bool oldest = cohort->first <= timeline->base;
        fprintf(to, "  %s%-7u", oldest ? "to " : "   ", cohort->generation);
        uint32_t from = oldest ? 0 : cohort->first;
        /* What was born while the snapshot before was taken is in it. */
        if (from > 0 && cohort->blocks[from - 1] > 0)
            from--;
        print_row(to, timeline, cohort->blocks, from);
    }
    fprintf(to, "  %-10s", "blocks");
    print_row(to, timeline, population->live_blocks, 0);
    fprintf(to, "  %-10s", "bytes");
    print_row(to, timeline, population->live_bytes, 0);
    fprintf(to, "  %-10s", "late frees");
    print_row(to, timeline, population->late_blocks, 0);
    for (uint32_t k = 0; k < timeline->count; k++)
        if (timeline->at_exit[k])
            fprintf(to,
                    "  snapshot %u was taken while the process stopped: it "
                    "is not judged\n",
                    k + 1);
}

static const char *level_name(enum tenure_leak_level level)
{
    static const char *const names[] = {"no", "suspect", "burst leak", "leak"};
    return names[level];
}

static void print_ages(FILE *to, const struct tenure_matrix *matrix)
{
    fprintf(to,
            "\n  Blocks of age >= A, for each A\n\n"
            "  %3s %10s %8s %7s %7s %10s %9s %9s %7s  %s\n",
            "A", "exposures", "deaths", "hazard", "bound", "survivors",
            "turnover", "late half", "z", "says");
    for (uint32_t age = 0; age + 1 < matrix->count; age++) {
        struct tenure_leak_test test;
        tenure_leak_test(matrix, age, 0, &test);
        fprintf(to,
                "  %3u %10.0f %8.0f %7.3f %7.3f %7u/%-2u %9.2f %9.2f %7.2f"
                "  %s\n",
                age, test.exposures, test.deaths, test.hazard, test.bound,
                test.surviving, test.judged, test.turnover, test.late_share,
                test.decline_z, level_name(test.level));
    }
}

static void print_check(FILE *to, bool passed, const char *what)
{
    fprintf(to, "  %-4s %s", passed ? "yes" : "no", what);
}

static void print_survival(FILE *to, const struct tenure_leak_test *test)
{
    const struct tenure_rules *rule = &tenure_rules;
    double bound =
        test->age > 1 ? rule->hazard_bound_old : rule->hazard_bound_leak;
    print_check(to, test->hazard <= rule->hazard && test->bound <= bound,
                "the old do not die: ");
    fprintf(to, "%.0f of %.0f, hazard %.3f <= %.2f, at most %.3f <= %.2f\n",
            test->deaths, test->exposures, test->hazard, rule->hazard,
            test->bound, bound);
    double cover =
        tenure_leak_is_regular(test) ? rule->cover_regular : rule->cover_leak;
    print_check(to, test->surviving >= cover * test->judged,
                "most generations leave some: ");
    fprintf(to, "%u of %u >= %.0f %%, %.0f blocks\n", test->surviving,
            test->judged, 100 * cover, test->survivors);
    print_check(to, test->turnover <= rule->turnover_leak,
                "they are not replaced: ");
    fprintf(to, "%.2f tenured deaths for each newly tenured <= %.2f\n",
            test->turnover, rule->turnover_leak);
}

static void print_going_on(FILE *to, const struct tenure_leak_test *test)
{
    const struct tenure_rules *rule = &tenure_rules;
    print_check(to,
                test->late_share >= rule->late_share_leak ||
                    test->decline_z >= rule->decline_no_z,
                "it does not fall off: ");
    fprintf(to,
            "later half %.2f of the earlier >= %.2f (z %.2f; %.2f within "
            "the later half)\n",
            test->late_share, rule->late_share_leak, test->decline_z,
            test->later_z);
    print_check(to, !test->held || test->held <= test->gap,
                "it has not stopped: ");
    fprintf(to, "%u newest without any, %u in a row before\n", test->held,
            test->gap);
    print_check(to, !test->balanced, "births are not balanced by deaths: ");
    fprintf(to, "in %u newest intervals they are\n", test->balanced);
    print_check(to, test->clearings != 1, "no single clearing: ");
    fprintf(to, "old blocks went in bulk in %u intervals\n", test->clearings);
}

static void print_growth(FILE *to, const struct tenure_growth_test *test)
{
    if (test->rises <= 0)
        return;
    fprintf(to, "\n  Growth of living blocks by realloc\n\n");
    print_check(to, test->same_block, "the same block grew three times\n");
    print_check(to, test->rising >= 3, "often: ");
    fprintf(to, "in %u of %u intervals\n", test->rising, test->intervals);
    print_check(to, test->rises - test->falls >= tenure_rules.grown_bytes,
                "by enough: ");
    fprintf(to, "%.0f bytes up and %.0f down, >= %.0f\n", test->rises,
            test->falls, tenure_rules.grown_bytes);
    print_check(to, test->held < tenure_rules.held, "it has not stopped: ");
    fprintf(to,
            "%u newest intervals without, later half %.2f of the "
            "earlier\n",
            test->held, test->late_share);
}

void tenure_explain(FILE *to, const struct tenure_population *population,
                    double error_bytes,
                    const struct tenure_site_verdict *verdict)
{
    char text[512];
    struct tenure_matrix *matrix = tenure_zeroed(1, sizeof *matrix);
    tenure_matrix_open(matrix, population->timeline);
    tenure_matrix_fill(matrix, &population, 1);
    tenure_verdict_text(verdict, population, text, sizeof text);
    fprintf(to, "  %s (confidence %.2f): %s\n",
            tenure_class_name(verdict->class), verdict->confidence, text);
    print_matrix(to, population);
    if (error_bytes > 0)
        fprintf(to,
                "  estimates: the last snapshot's bytes have a standard error "
                "of %.0f\n",
                error_bytes);
    if (matrix->count >= tenure_rules.suspect_snapshots) {
        const struct tenure_leak_test *test = &verdict->test;
        print_ages(to, matrix);
        fprintf(to, "\n  The test that decided: A = %u", test->age);
        if (test->skipped)
            fprintf(to, ", without %u of start-up", test->skipped);
        fprintf(to, "\n\n");
        print_survival(to, test);
        print_going_on(to, test);
        print_growth(to, &verdict->growth);
    }
    free(matrix);
}
