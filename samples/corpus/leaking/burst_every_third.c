/*
 * A replicated service that fails over every third round.
 *
 * Leaks: failover_begin() makes forty replica states that nobody frees once
 * the failover is done. Between two failovers nothing grows.
 * Not to be flagged: the plan of each failover.
 *
 * EXPECT 8: suspect|unbounded|leak in failover_begin
 * EXPECT 12: leak in failover_begin
 */
#include "service.h"

#include <stdlib.h>

#define REPLICAS 40

struct replica {
    struct replica *peer;
    unsigned offset;
    char address[104];
};

static struct replica *latest;

static NOINLINE void failover_begin(unsigned round)
{
    unsigned *plan = must(calloc(REPLICAS, sizeof *plan));

    for (unsigned i = 0; i < REPLICAS; i++) {
        struct replica *replica = must(calloc(1, sizeof *replica));

        plan[i] = round * REPLICAS + i;
        replica->offset = plan[i];
        replica->peer = latest;
        latest = replica;
    }
    free(plan);
}

static void end_round(unsigned round)
{
    if (round % 3 == 2)
        failover_begin(round);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.round = end_round});
}
