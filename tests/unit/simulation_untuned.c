/*
 * Families that no threshold was tuned on; the rates that README states come
 * from these. Whoever tunes a rule by one of them moves it to the tuned ones
 * and writes another.
 *
 * Each family makes one site's objects; rates are per generation.
 */
#include "tests/unit/simulation.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static void requests(struct simulation *s, double rate, double mean)
{
    for (int t = -10; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, rate); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + random_exponential(s, mean));
        }
}

static void forever(struct simulation *s, double birth, uint32_t count)
{
    while (count--)
        simulation_born(s, birth, FOREVER);
}

/* Errors come in clusters; the error path forgets its message. */
static void leak_on_errors(struct simulation *s)
{
    requests(s, 300, 0.02);
    for (double t = 0; t < s->snapshots; t += random_exponential(s, 0.4))
        forever(s, t, 1 + random_poisson(s, 3));
}

static void leak_one_in_200(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        for (uint32_t n = 0; n < 1500; n++)
            simulation_born(s, t + n / 1500.0,
                            random_even(s) < 0.005 ? FOREVER
                                                   : t + n / 1500.0 + 0.01);
}

static void leak_large_blocks(struct simulation *s)
{
    double phase = random_even(s);
    s->block_bytes = 1 << 20;
    for (uint32_t t = 0; t < s->snapshots; t++)
        forever(s, t + phase, 1);
}

static void leak_connections(struct simulation *s)
{
    for (int t = -10; t < (int)s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 400); n; n--) {
            double birth = t + random_even(s);
            bool stuck = birth > 0 && random_even(s) < 0.02;
            simulation_born(s, birth,
                            stuck ? FOREVER
                                  : birth + random_pareto(s, 0.02, 1.6));
        }
}

static void leak_by_day(struct simulation *s)
{
    requests(s, 200, 0.05);
    for (uint32_t t = 0; t < s->snapshots; t++) {
        double rate = 12 * (1 + 0.8 * sin(2 * 3.14159265 * t / 6));
        forever(s, t + 0.5, random_poisson(s, rate));
    }
}

static void leak_after_warm_up(struct simulation *s)
{
    forever(s, 0.3, 400);
    forever(s, 1.1, 60);
    for (uint32_t t = 0; t < s->snapshots; t++)
        forever(s, t + 0.5, random_poisson(s, 6));
}

static void leak_under_falling_traffic(struct simulation *s)
{
    uint64_t done = 0;
    for (uint32_t t = 0; t < s->snapshots; t++) {
        double traffic = t < s->snapshots / 2 ? 1 : 0.4;
        uint32_t births = random_poisson(s, 1000 * traffic);
        for (uint32_t n = 0; n < births; n++)
            simulation_born(s, t + random_even(s), t + 1);
        forever(s, t + 0.5, random_poisson(s, 20 * traffic));
        s->work[t] = done += births;
    }
}

static void leak_by_timer(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        forever(s, t + 0.25, 2);
}

/* The listeners of a configuration: five come, four go with the next. */
static void leak_of_listeners(struct simulation *s)
{
    for (int t = -5; t < (int)s->snapshots; t++)
        for (int i = 0; i < 5; i++)
            simulation_born(s, t + 0.3, i || t < 0 ? t + 1.3 : FOREVER);
}

/* Two generations with load, one without. */
static void leak_by_shifts(struct simulation *s)
{
    requests(s, 60, 0.05);
    for (uint32_t t = 0; t < s->snapshots; t++)
        if (t % 3)
            forever(s, t + 0.5, random_poisson(s, 5));
}

static void leak_among_sessions(struct simulation *s)
{
    for (int t = -5; t < (int)s->snapshots; t++) {
        for (int i = 0; i < 30; i++)
            simulation_born(s, t + 0.03 * i, t + 0.03 * i + 2 * random_even(s));
        forever(s, t + 0.5, t < 0 ? 0 : 6);
    }
}

static void leak_three_in_two(struct simulation *s)
{
    double phase = random_even(s) / 1.5;
    for (double t = phase; t < s->snapshots; t += 1 / 1.5)
        forever(s, t, 1);
}

/* LRU: a table of the last use of each key; the victim is the oldest. */
static void zipf_cache(struct simulation *s)
{
    enum { KEYS = 4000, CAPACITY = 250 };
    static double used[KEYS], born[KEYS];
    static bool here[KEYS];
    uint32_t size = 0;
    memset(here, 0, sizeof here);
    for (double t = 0; t < s->snapshots; t += 1 / 400.0) {
        uint32_t key = random_zipf(s, KEYS);
        used[key] = t;
        if (here[key])
            continue;
        here[key] = true;
        born[key] = t;
        if (size++ < CAPACITY)
            continue;
        uint32_t victim = key;
        for (uint32_t i = 0; i < KEYS; i++)
            if (here[i] && used[i] < used[victim])
                victim = i;
        simulation_born(s, born[victim], t);
        here[victim] = false;
        size--;
    }
    for (uint32_t i = 0; i < KEYS; i++)
        if (here[i])
            simulation_born(s, born[i], FOREVER);
}

static void batch_job(struct simulation *s)
{
    double phase = 3 * random_even(s);
    for (double t = phase - 3; t < s->snapshots; t += 3)
        for (int i = 0; i < 200; i++)
            simulation_born(s, t + 0.001 * i, t + 3);
}

static void daily_cycle(struct simulation *s)
{
    double phase = 8 * random_even(s);
    for (int t = -10; t < (int)s->snapshots; t++) {
        double swing = sin(2 * 3.14159265 * (t + phase) / 8);
        for (uint32_t n = random_poisson(s, 150 * (1 + 0.7 * swing)); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + random_exponential(s, 0.8));
        }
    }
}

/* Connections are opened for demand and closed when long without use. */
static void idle_reaping(struct simulation *s)
{
    enum { MOST = 64 };
    double opened[MOST], used[MOST];
    uint32_t open = 0;
    for (double t = 0; t < s->snapshots; t += 0.1) {
        uint32_t demand = random_poisson(s, 6 + 3 * sin(t));
        demand = demand > MOST ? MOST : demand;
        for (; open < demand; open++)
            opened[open] = t;
        for (uint32_t i = 0; i < demand; i++)
            used[i] = t;
        for (; open && used[open - 1] < t - 0.7; open--)
            simulation_born(s, opened[open - 1], t);
    }
    while (open)
        simulation_born(s, opened[--open], FOREVER);
}

static void random_replacement(struct simulation *s)
{
    enum { CAPACITY = 300 };
    double born[CAPACITY];
    uint32_t size = 0;
    for (double t = 0; t < s->snapshots; t += 1 / 120.0) {
        if (size < CAPACITY) {
            born[size++] = t;
            continue;
        }
        uint32_t victim = (uint32_t)(CAPACITY * random_even(s));
        simulation_born(s, born[victim], t);
        born[victim] = t;
    }
    while (size)
        simulation_born(s, born[--size], FOREVER);
}

static void backlog_drains(struct simulation *s)
{
    double burst = s->snapshots * (0.3 + 0.2 * random_even(s));
    requests(s, 80, 0.1);
    for (int i = 0; i < 900; i++)
        simulation_born(s, burst + random_even(s),
                        burst + 1 + 2.5 * random_even(s));
}

static void versions(struct simulation *s)
{
    for (int t = -5; t < (int)s->snapshots; t++) {
        double last_reader = t + 1 + random_exponential(s, 0.6);
        for (int i = 0; i < 30; i++)
            simulation_born(s, t + 0.5, last_reader);
    }
}

static void traffic_doubles(struct simulation *s)
{
    for (int t = -10; t < (int)s->snapshots; t++) {
        double rate = t < (int)s->snapshots / 2 ? 60 : 120;
        for (uint32_t n = random_poisson(s, rate); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + 1 + 1.5 * random_even(s));
        }
    }
}

static void websockets(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 60); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth,
                            birth + exp(0.2 + 1.2 * random_normal(s)));
        }
}

static void ttl_with_jitter(struct simulation *s)
{
    for (uint32_t t = 0; t < s->snapshots; t++)
        for (uint32_t n = random_poisson(s, 80); n; n--) {
            double birth = t + random_even(s);
            simulation_born(s, birth, birth + 2 + 2 * random_even(s));
        }
}

/* Retired blocks wait for the end of an epoch, then all go. */
static void epochs(struct simulation *s)
{
    double length = 2.3, phase = length * random_even(s);
    for (double t = -6; t < s->snapshots; t += 1 / 70.0)
        simulation_born(s, t,
                        phase + length * (1 + floor((t - phase) / length)));
}

/* Forty features, each set up when it is first used. */
static void lazy_features(struct simulation *s)
{
    for (int feature = 0; feature < 40; feature++)
        forever(s, random_exponential(s, 1.5), 3);
}

/* A table of 500 entries, built anew beside the old one. */
static void double_buffer(struct simulation *s)
{
    double phase = 2.5 * random_even(s);
    for (double t = phase - 5; t < s->snapshots; t += 2.5)
        for (int i = 0; i < 500; i++)
            simulation_born(s, t + 0.0002 * i, t + 2.6);
}

/* Opens as demand asks, closes the surplus only every fourth generation. */
static void pool_with_slack(struct simulation *s)
{
    enum { MOST = 200 };
    double opened[MOST];
    uint32_t open = 0, step = 0;
    for (double t = 0; t < s->snapshots; t += 0.25, step++) {
        uint32_t demand = 20 + random_poisson(s, 25);
        for (; open < demand && open < MOST; open++)
            opened[open] = t;
        for (; step % 16 == 15 && open > demand; open--)
            simulation_born(s, opened[open - 1], t);
    }
    while (open)
        simulation_born(s, opened[--open], FOREVER);
}

const struct simulation_named simulation_untuned[] = {
    {"leak: on errors", true, leak_on_errors},
    {"leak: 1 in 200 requests", true, leak_one_in_200},
    {"leak: 1 MiB blocks", true, leak_large_blocks},
    {"leak: stuck connections", true, leak_connections},
    {"leak: with the hour", true, leak_by_day},
    {"leak: after a warm-up", true, leak_after_warm_up},
    {"leak: traffic falls", true, leak_under_falling_traffic},
    {"leak: timer", true, leak_by_timer},
    {"leak: listeners", true, leak_of_listeners},
    {"leak: by shifts", true, leak_by_shifts},
    {"leak: among sessions", true, leak_among_sessions},
    {"leak: three in two", true, leak_three_in_two},
    {"Zipf LRU cache", false, zipf_cache},
    {"batch job", false, batch_job},
    {"daily cycle", false, daily_cycle},
    {"idle reaping", false, idle_reaping},
    {"random replacement", false, random_replacement},
    {"backlog drains", false, backlog_drains},
    {"versions and readers", false, versions},
    {"traffic doubles", false, traffic_doubles},
    {"websockets", false, websockets},
    {"TTL with jitter", false, ttl_with_jitter},
    {"epochs", false, epochs},
    {"lazy features", false, lazy_features},
    {"double buffer", false, double_buffer},
    {"pool with slack", false, pool_with_slack},
    {NULL, false, NULL},
};
