/*
 * The verdict's rates on simulated services: how many leaks it finds, and
 * how often it accuses the innocent. Seeds are fixed, so the rates are too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "report/verdict_rules.h"
#include "tests/unit/simulation.h"

#define RUNS 150

struct rates {
    double at_suspect, at_leak; /* leaking families */
    double false_suspect, false_gate;
    unsigned runs;
};

struct tally {
    unsigned class[TENURE_CLASS_COUNT];
};

static struct tenure_matrix scratch;
static struct simulation simulation;

static struct tally judge(const struct simulation_named *family,
                          uint32_t snapshots)
{
    struct tally tally = {{0}};
    for (unsigned run = 0; run < RUNS; run++) {
        struct tenure_site_verdict verdict;
        const struct tenure_population *one = &simulation.population[0];
        simulation_start(&simulation, 1000 * snapshots + run, snapshots);
        family->make(&simulation);
        simulation_close(&simulation);
        tenure_judge_site(&one, 1, &scratch, &verdict);
        tally.class[verdict.class]++;
    }
    return tally;
}

static double share(const struct tally *tally, enum tenure_site_class last)
{
    unsigned sum = 0;
    for (unsigned c = TENURE_CLASS_LOST; c <= last; c++)
        sum += tally->class[c];
    return (double)sum / RUNS;
}

static void print_row(const struct simulation_named *family,
                      const struct tally *tally)
{
    printf("    %-26s", family->name);
    for (unsigned c = 1; c < TENURE_CLASS_COUNT; c++)
        if (tally->class[c])
            printf("  %s %.3f", tenure_class_name(c),
                   (double)tally->class[c] / RUNS);
    printf("\n");
}

static struct rates rates_of(const struct simulation_named *families,
                             const char *title, uint32_t snapshots)
{
    struct rates rates = {0, 0, 0, 0, 0};
    unsigned leaking = 0, harmless = 0;
    printf("  %s, %u snapshots\n", title, snapshots);
    for (; families->name; families++) {
        struct tally tally = judge(families, snapshots);
        double gate = share(&tally, TENURE_CLASS_LEAK);
        double suspect = share(&tally, TENURE_CLASS_SUSPECT);
        print_row(families, &tally);
        *(families->leaks ? &rates.at_leak : &rates.false_gate) += gate;
        *(families->leaks ? &rates.at_suspect : &rates.false_suspect) +=
            suspect;
        *(families->leaks ? &leaking : &harmless) += 1;
        rates.runs += RUNS;
    }
    rates.at_leak /= leaking;
    rates.at_suspect /= leaking;
    rates.false_gate /= harmless;
    rates.false_suspect /= harmless;
    printf(
        "  => %u runs: recall %.3f at suspect, %.3f at leak; false alarms "
        "%.4f of the gate, %.4f at suspect\n\n",
        rates.runs, rates.at_suspect, rates.at_leak, rates.false_gate,
        rates.false_suspect);
    return rates;
}

static void eight_snapshots_find_the_untuned_leaks(void **state)
{
    (void)state;
    struct rates r = rates_of(simulation_untuned, "untuned", 8);
    assert_true(r.at_suspect >= 0.95);
    assert_true(r.at_leak >= 0.85);
    assert_true(r.false_gate <= 0.02);
}

static void twelve_snapshots_find_the_untuned_leaks(void **state)
{
    (void)state;
    struct rates r = rates_of(simulation_untuned, "untuned", 12);
    assert_true(r.at_leak >= 0.95);
    assert_true(r.false_gate <= 0.02);
}

static void the_tuned_families_come_out_as_tuned(void **state)
{
    (void)state;
    struct rates eight = rates_of(simulation_tuned, "tuned", 8);
    struct rates twelve = rates_of(simulation_tuned, "tuned", 12);
    assert_true(eight.at_suspect >= 0.80); /* 1-2 blocks a generation */
    assert_true(eight.false_gate <= 0.02);
    assert_true(twelve.at_suspect >= 0.95);
    assert_true(twelve.at_leak >= 0.94);
    assert_true(twelve.false_gate <= 0.02);
}

static void the_reviewed_families_come_out_as_reviewed(void **state)
{
    (void)state;
    struct rates eight = rates_of(simulation_reviewed, "reviewed", 8);
    struct rates twelve = rates_of(simulation_reviewed, "reviewed", 12);
    assert_true(eight.at_leak >= 0.95 && twelve.at_leak >= 0.95);
    assert_true(eight.false_gate <= 0.02 && twelve.false_gate <= 0.02);
}

static void few_snapshots_accuse_hardly_anybody_falsely(void **state)
{
    (void)state;
    for (uint32_t snapshots = 2; snapshots < 8; snapshots++) {
        struct rates tuned = rates_of(simulation_tuned, "tuned", snapshots);
        struct rates rest = rates_of(simulation_untuned, "untuned", snapshots);
        assert_true(tuned.false_gate <= 0.05 && rest.false_gate <= 0.05);
        if (snapshots < 4)
            assert_true(tuned.at_leak <= 0 && rest.at_leak <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tuned_families_come_out_as_tuned),
        cmocka_unit_test(the_reviewed_families_come_out_as_reviewed),
        cmocka_unit_test(eight_snapshots_find_the_untuned_leaks),
        cmocka_unit_test(twelve_snapshots_find_the_untuned_leaks),
        cmocka_unit_test(few_snapshots_accuse_hardly_anybody_falsely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
