/*
 * How long the verdict takes: 100,000 sites over 12 snapshots, of all kinds
 * that the simulator makes. A measurement, not a test.
 *
 * Usage: bench_verdict
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report/verdict_rules.h"
#include "tests/unit/simulation.h"

enum { KINDS = 1000, SITES = 100000, SNAPSHOTS = 12 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    static struct tenure_matrix scratch;
    struct simulation *made = calloc(KINDS, sizeof *made);
    unsigned accused = 0;
    if (!made)
        return 1;
    for (uint32_t i = 0, family = 0; i < KINDS; i++, family++) {
        if (!simulation_tuned[family].name)
            family = 0;
        simulation_start(&made[i], i, SNAPSHOTS);
        simulation_tuned[family].make(&made[i]);
        simulation_close(&made[i]);
    }
    double start = cpu_seconds();
    for (uint32_t i = 0; i < SITES; i++) {
        struct tenure_site_verdict verdict;
        const struct tenure_population *one = &made[i % KINDS].population[0];
        tenure_judge_site(&one, 1, &scratch, &verdict);
        accused += tenure_class_accuses(verdict.class);
    }
    printf("%d sites x %d snapshots judged in %.2f s of CPU, %u accused\n",
           SITES, SNAPSHOTS, cpu_seconds() - start, accused);
    free(made);
    return 0;
}
