/*
 * Populations made from objects with a birth and a death: what the agent
 * would have recorded of one site of a simulated service.
 *
 * Time runs in generations; snapshot k (from 1) is taken at time k, and a
 * service that was up before the window has objects with negative births.
 * A simulation belongs to one thread; the same seed gives the same objects.
 */
#ifndef TENURE_TESTS_SIMULATION_H
#define TENURE_TESTS_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "report/population.h"

#define SIMULATION_SNAPSHOTS 16
#define FOREVER 1e9

struct simulation {
    uint64_t random;
    uint32_t snapshots;
    uint32_t sites; /* 1, or 2 where two sites share one fate */
    uint32_t site;  /* that the next births belong to */
    uint32_t block_bytes;

    uint64_t blocks[2][SIMULATION_SNAPSHOTS][SIMULATION_SNAPSHOTS];
    uint64_t bytes[2][SIMULATION_SNAPSHOTS][SIMULATION_SNAPSHOTS];
    uint64_t work[SIMULATION_SNAPSHOTS]; /* cumulative; 0 = not modelled */

    uint32_t generation[SIMULATION_SNAPSHOTS];
    double age_s[SIMULATION_SNAPSHOTS];
    bool at_exit[SIMULATION_SNAPSHOTS];
    uint64_t zeros[SIMULATION_SNAPSHOTS];
    int64_t no_growth[SIMULATION_SNAPSHOTS];
    uint64_t live_blocks[2][SIMULATION_SNAPSHOTS];
    uint64_t live_bytes[2][SIMULATION_SNAPSHOTS];
    struct tenure_timeline timeline;
    struct tenure_cohort cohorts[2][SIMULATION_SNAPSHOTS];
    struct tenure_population population[2];
};

typedef void simulation_family(struct simulation *simulation);

struct simulation_named {
    const char *name;
    bool leaks;
    simulation_family *make;
};

extern const struct simulation_named simulation_tuned[];
extern const struct simulation_named simulation_reviewed[];
extern const struct simulation_named simulation_untuned[];

void simulation_start(struct simulation *simulation, uint64_t seed,
                      uint32_t snapshots);
void simulation_born(struct simulation *simulation, double birth, double death);
/* After all births: fills population[]. */
void simulation_close(struct simulation *simulation);

/* Random numbers: [0,1), exponential, Poisson, normal, Pareto, Zipf. */
double random_even(struct simulation *simulation);
double random_exponential(struct simulation *simulation, double mean);
uint32_t random_poisson(struct simulation *simulation, double mean);
double random_normal(struct simulation *simulation);
double random_pareto(struct simulation *simulation, double least, double shape);
uint32_t random_zipf(struct simulation *simulation, uint32_t keys);

#endif
