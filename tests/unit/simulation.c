/*
 * The simulated service: objects in, cohorts out.
 *
 * Families call simulation_born() with each object's birth and death; the
 * object is counted at once in every snapshot that would have seen it.
 */
#include "tests/unit/simulation.h"

#include <math.h>
#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(struct simulation *simulation)
{
    uint64_t z = simulation->random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void simulation_start(struct simulation *simulation, uint64_t seed,
                      uint32_t snapshots)
{
    memset(simulation, 0, sizeof *simulation);
    simulation->random = seed;
    simulation->random = next(simulation); /* seeds must not overlap */
    simulation->snapshots = snapshots;
    simulation->sites = 1;
    simulation->block_bytes = 96;
    for (uint32_t k = 0; k < snapshots; k++) {
        simulation->generation[k] = k + 1;
        simulation->age_s[k] = 10.0 * (k + 1);
    }
}

void simulation_born(struct simulation *simulation, double birth, double death)
{
    uint32_t first = birth <= 1 ? 1 : (uint32_t)ceil(birth);
    for (uint32_t k = first; k <= simulation->snapshots && k < death; k++) {
        uint32_t site = simulation->site;
        simulation->blocks[site][first - 1][k - 1]++;
        simulation->bytes[site][first - 1][k - 1] += simulation->block_bytes;
    }
}

static void close_site(struct simulation *simulation, uint32_t site)
{
    struct tenure_population *p = &simulation->population[site];
    uint32_t count = simulation->snapshots;
    p->timeline = &simulation->timeline;
    p->live_blocks = simulation->live_blocks[site];
    p->live_bytes = simulation->live_bytes[site];
    p->cohorts = simulation->cohorts[site];
    p->late_blocks = p->late_bytes = simulation->zeros;
    p->grown_blocks = p->rising_blocks = simulation->zeros;
    p->lost_blocks = p->lost_bytes = simulation->zeros;
    p->grown_bytes = simulation->no_growth;
    for (uint32_t g = 0; g < count; g++) {
        for (uint32_t k = g; k < count; k++) {
            simulation->live_blocks[site][k] += simulation->blocks[site][g][k];
            simulation->live_bytes[site][k] += simulation->bytes[site][g][k];
        }
        if (!simulation->blocks[site][g][g])
            continue;
        simulation->cohorts[site][p->cohort_count++] = (struct tenure_cohort){
            simulation->generation[g], g, simulation->blocks[site][g],
            simulation->bytes[site][g]};
    }
}

void simulation_close(struct simulation *simulation)
{
    simulation->timeline = (struct tenure_timeline){
        .count = simulation->snapshots,
        .generation = simulation->generation,
        .age_s = simulation->age_s,
        .at_exit = simulation->at_exit,
        .allocated_blocks = simulation->work[simulation->snapshots - 1]
                                ? simulation->work
                                : NULL,
    };
    for (uint32_t site = 0; site < simulation->sites; site++)
        close_site(simulation, site);
}

double random_even(struct simulation *simulation)
{
    return (double)(next(simulation) >> 11) * 0x1p-53;
}

double random_exponential(struct simulation *simulation, double mean)
{
    return -mean * log(1 - random_even(simulation));
}

double random_normal(struct simulation *simulation)
{
    double radius = sqrt(2 * random_exponential(simulation, 1));
    return radius * cos(2 * 3.14159265358979 * random_even(simulation));
}

uint32_t random_poisson(struct simulation *simulation, double mean)
{
    if (mean > 50)
        return (uint32_t)fmax(0, mean + sqrt(mean) * random_normal(simulation) +
                                     0.5);
    double limit = exp(-mean), product = random_even(simulation);
    uint32_t count = 0;
    for (; product > limit; count++)
        product *= random_even(simulation);
    return count;
}

double random_pareto(struct simulation *simulation, double least, double shape)
{
    return least * pow(1 - random_even(simulation), -1 / shape);
}

/* Zipf with exponent 1 by the continuous inverse: close enough for a cache. */
uint32_t random_zipf(struct simulation *simulation, uint32_t keys)
{
    double key = exp(random_even(simulation) * log((double)keys + 1));
    return (uint32_t)key - 1;
}
