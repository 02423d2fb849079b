/*
 * The rounds of a corpus service: runs the traffic, calls the service under
 * test and takes a snapshot at the end of every round.
 *
 * In come the options; out go one line on stdout and, under the
 * agent, one snapshot for each round. Without the agent
 * tenure_take_snapshot does nothing, and all else is the same.
 */
#include "service.h"
#include "tenure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ROUNDS 8
#define DEFAULT_LOAD 400

static uint32_t random_state = 1;
static unsigned current_round;
static uint32_t uneven;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

uint32_t service_random(uint32_t bound)
{
    return (uint32_t)(((uint64_t)next_random() * bound) >> 32);
}

uint32_t service_skewed(uint32_t bound)
{
    /* The cube of an even number in 0..1: half of the draws fall into the
     * first eighth, as names in a real request log do. */
    uint64_t x = service_random(1u << 16);

    return (uint32_t)((((x * x * x) >> 16) * bound) >> 32);
}

bool service_percent(uint32_t percent)
{
    return service_random(100) < percent;
}

unsigned service_round(void)
{
    return current_round;
}

void *must(void *pointer)
{
    if (!pointer) {
        fputs("out of memory\n", stderr);
        exit(70);
    }
    return pointer;
}

static void take_snapshot(void)
{
    char label[32];

    snprintf(label, sizeof label, "round %u", current_round);
    if (tenure_take_snapshot(label) < 0)
        fprintf(stderr, "no snapshot of %s\n", label);
}

/* The load of this round, up to `uneven` per cent more or less. */
static unsigned round_load(const struct service *service)
{
    unsigned load = service->load ? service->load(current_round) : DEFAULT_LOAD;

    if (!uneven)
        return load;
    return load * (100 - uneven + service_random(2 * uneven + 1)) / 100;
}

static unsigned run_round(const struct service *service, unsigned number)
{
    unsigned load = round_load(service);

    for (unsigned i = 0; i < load; i++)
        traffic_request(service, ++number);
    if (service->round)
        service->round(current_round);
    take_snapshot();
    return number;
}

static uint32_t option(int argc, char **argv, const char *name,
                       uint32_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return (uint32_t)strtoul(argv[i + 1], NULL, 10);
    return otherwise;
}

int service_run(int argc, char **argv, const struct service *service)
{
    uint32_t rounds = option(argc, argv, "--rounds", DEFAULT_ROUNDS);
    uint32_t seed = option(argc, argv, "--seed", 1);
    unsigned number = 0;

    uneven = option(argc, argv, "--uneven", 0);
    /* Neighbouring seeds must not begin with neighbouring numbers, and the
     * generator must never stand at zero. */
    random_state = seed * 2654435761u | 1u;
    for (int i = 0; i < 8; i++)
        next_random();
    if (service->start)
        service->start();
    for (current_round = 1; current_round <= rounds; current_round++)
        number = run_round(service, number);
    if (service->stop)
        service->stop();
    traffic_stop();
    printf("%u rounds, %u requests, last random %u\n", rounds, number,
           next_random());
    return 0;
}
