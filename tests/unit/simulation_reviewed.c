/*
 * Families that were written as untuned ones and then showed where a rule was
 * wrong; since the rule was changed for them they count as tuned.
 */
#include "tests/unit/simulation.h"

#include <math.h>
#include <stddef.h>

static void forever(struct simulation *s, double birth, uint32_t count)
{
    while (count--)
        simulation_born(s, birth, FOREVER);
}

/* A cache that frees what it evicts, except what was being read. */
static void leak_beside_cache(struct simulation *s)
{
    for (int t = -10; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 150); n; n--) {
            double birth = t + random_even(s);
            bool read = birth > 0 && random_even(s) < 0.04;
            simulation_born(
                s, birth, read ? FOREVER : birth + 0.8 + 0.4 * random_even(s));
        }
}

static void leak_in_batches(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t += 2) {
        for (int i = 0; i < 50; i++)
            simulation_born(s, t + 0.2, t + 0.9);
        forever(s, t + 0.4, 3);
    }
}

static void pareto_sessions(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 120); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + random_pareto(s, 0.1, 1.2));
        }
}

/* Segments pile up until a compaction keeps a tenth of them. */
static void log_segments(struct simulation *s)
{
    double phase = 3.5 * random_even(s);
    for (double t = -8; t < s->snapshots; t += 1 / 40.0) {
        double rounds = ceil((t - phase) / 3.5 + 1e-9);
        double compaction = phase + 3.5 * rounds;
        while (random_even(s) < 0.1)
            compaction += 3.5;
        simulation_born(s, t, compaction);
    }
}

static void interning(struct simulation *s)
{
    enum { WORDS = 300 };
    bool known[WORDS] = {false};
    for (double t = 0; t < s->snapshots; t += 1 / 150.0) {
        uint32_t word = (uint32_t)(WORDS * random_even(s));
        if (!known[word])
            simulation_born(s, t, FOREVER);
        known[word] = true;
    }
}

static void zipf_interning(struct simulation *s)
{
    enum { WORDS = 2000 };
    bool known[WORDS] = {false};
    for (double t = 0; t < s->snapshots; t += 1 / 800.0) {
        uint32_t word = random_zipf(s, WORDS);
        if (!known[word])
            simulation_born(s, t, FOREVER);
        known[word] = true;
    }
}

const struct simulation_named simulation_reviewed[] = {
    {"leak: beside a cache", true, leak_beside_cache},
    {"leak: batch every second", true, leak_in_batches},
    {"Pareto sessions", false, pareto_sessions},
    {"log segments", false, log_segments},
    {"interning", false, interning},
    {"Zipf interning", false, zipf_interning},
    {NULL, false, NULL},
};
