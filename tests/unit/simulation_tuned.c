/*
 * The families the thresholds were tuned on: five leaks, the harmless
 * populations that fool trend tests, and the shapes a review asked for.
 *
 * Each family makes one site's objects; rates are per generation.
 */
#include "tests/unit/simulation.h"

#include <math.h>
#include <stddef.h>

/* Objects at `rate` from `start` on, with exponential lives. */
static void churn(struct simulation *s, double rate, double mean, int start)
{
    for (int t = start; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, rate); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + random_exponential(s, mean));
        }
}

static void leak(struct simulation *s, double rate, int start)
{
    for (int t = start; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, rate); n; n--)
            simulation_born(s, t + random_even(s), FOREVER);
}

static void at_once(struct simulation *s, uint32_t count, double birth,
                    double death)
{
    while (count--)
        simulation_born(s, birth + 0.1 * random_even(s), death);
}

static void five_percent(struct simulation *s)
{
    churn(s, 190, 0.05, -20);
    leak(s, 10, 0);
}

static void one_a_generation(struct simulation *s)
{
    churn(s, 50, 0.05, -20);
    leak(s, 1, 0);
}

static void exactly_one(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        simulation_born(s, t + 0.5, FOREVER);
}

static void burst_every_third(struct simulation *s)
{
    churn(s, 50, 0.05, -20);
    for (uint32_t t = 1; t < s->snapshots; t += 3)
        at_once(s, 200, t + 0.5, FOREVER);
}

static void leak_in_heavy_churn(struct simulation *s)
{
    churn(s, 300, 0.7, -20);
    leak(s, 10, 0);
}

static void some_sessions(struct simulation *s)
{
    churn(s, 98, 0.5, -20);
    leak(s, 2, 0);
}

static void stable(struct simulation *s)
{
    churn(s, 200, 0.3, -20);
}

static void lognormal_lives(struct simulation *s)
{
    for (int t = -20; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 100); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + exp(-1 + 1.2 * random_normal(s)));
        }
}

static void sessions_of_three(struct simulation *s)
{
    churn(s, 50, 3, -40);
}

static void sessions_of_three_fresh(struct simulation *s)
{
    churn(s, 50, 3, 0);
}

static void sessions_of_five(struct simulation *s)
{
    churn(s, 50, 5, -60);
}

static void sessions_of_five_fresh(struct simulation *s)
{
    churn(s, 50, 5, 0);
}

static void traffic_ramp(struct simulation *s)
{
    for (int t = -20; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, t < 0 ? 100 : 100 + 50.0 * t); n;
             n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + random_exponential(s, 0.5));
        }
}

/* First in, first out with a capacity: block i dies when i + capacity comes. */
static void first_out(struct simulation *s, uint32_t capacity, double rate,
                      int start)
{
    static double births[1 << 15];
    uint32_t count = 0;
    double end = s->snapshots + capacity / rate + 1;
    for (double t = start; t < end && count < 1u << 15;
         t += random_exponential(s, 1 / rate))
        births[count++] = t;
    for (uint32_t i = 0; i + capacity < count; i++)
        if (births[i] < s->snapshots)
            simulation_born(s, births[i], births[i + capacity]);
}

static void full_cache(struct simulation *s)
{
    first_out(s, 500, 150, -20);
}

static void slow_cache(struct simulation *s)
{
    first_out(s, 2000, 60, -60);
}

static void ring_fills_in_four(struct simulation *s)
{
    first_out(s, 400, 100, 0);
}

static void decaying_misses(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 300 * exp(-(double)t / 1.2)); n;
             n--)
            simulation_born(s, t + random_even(s), FOREVER);
}

static void fixed_life(struct simulation *s, double rate, double life)
{
    for (int t = -20; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, rate); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + life);
        }
}

static void ttl_short(struct simulation *s)
{
    fixed_life(s, 100, 1.5);
}

static void ttl_long(struct simulation *s)
{
    fixed_life(s, 40, 4);
}

static void warm_up(struct simulation *s)
{
    at_once(s, 500, 0.2, FOREVER);
    at_once(s, 30, 1.2, FOREVER);
    churn(s, 50, 0.05, -20);
}

static void one_reload(struct simulation *s)
{
    at_once(s, 400, s->snapshots / 2, FOREVER);
    churn(s, 50, 0.05, -20);
}

static void two_reloads(struct simulation *s)
{
    double first = 0.3 * s->snapshots, second = 0.65 * s->snapshots;
    at_once(s, 300, first, second + 0.05);
    at_once(s, 300, second, FOREVER);
    churn(s, 50, 0.05, -20);
}

static void doubling_vector(struct simulation *s)
{
    double birth = -3, life = 0.4;
    for (; birth < s->snapshots; birth += life, life *= 1.6)
        simulation_born(s, birth, birth + life);
}

static void pool_of_threads(struct simulation *s)
{
    for (int i = 0; i < 8; i++)
        simulation_born(s, 1.5 * random_even(s), FOREVER);
    churn(s, 20, 0.1, -20);
}

/* Grows through two thirds of the run, then holds. */
static void pool_that_holds(struct simulation *s)
{
    for (double t = 0; t < s->snapshots * 2 / 3.0; t += 0.25)
        simulation_born(s, t + 0.2 * random_even(s), FOREVER);
}

static void bursty_queue(struct simulation *s)
{
    for (int t = -20; t < (int)s->snapshots; t++) {
        bool burst = random_even(s) < 0.4;
        for (uint32_t n = random_poisson(s, burst ? 300 : 30); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth,
                            birth + random_exponential(s, burst ? 1 : 0.1));
        }
    }
}

const struct simulation_named simulation_tuned[] = {
    {"leak: 5 % of 200", true, five_percent},
    {"leak: 1 a generation", true, one_a_generation},
    {"leak: exactly 1", true, exactly_one},
    {"leak: burst every third", true, burst_every_third},
    {"leak: 10 in heavy churn", true, leak_in_heavy_churn},
    {"leak: 2 % of sessions", true, some_sessions},
    {"stable", false, stable},
    {"lognormal lives", false, lognormal_lives},
    {"sessions of 3", false, sessions_of_three},
    {"sessions of 3, fresh", false, sessions_of_three_fresh},
    {"sessions of 5", false, sessions_of_five},
    {"sessions of 5, fresh", false, sessions_of_five_fresh},
    {"traffic ramp", false, traffic_ramp},
    {"full cache", false, full_cache},
    {"slowly turning cache", false, slow_cache},
    {"ring fills in 4", false, ring_fills_in_four},
    {"decaying misses", false, decaying_misses},
    {"TTL 1.5", false, ttl_short},
    {"TTL 4", false, ttl_long},
    {"warm-up", false, warm_up},
    {"one reload", false, one_reload},
    {"two reloads", false, two_reloads},
    {"doubling vector", false, doubling_vector},
    {"pool of threads", false, pool_of_threads},
    {"pool that holds", false, pool_that_holds},
    {"bursty queue", false, bursty_queue},
    {NULL, false, NULL},
};
