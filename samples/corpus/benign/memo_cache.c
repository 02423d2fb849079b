/*
 * Results kept in 240 places, a random one of which makes room.
 *
 * Grows: until the places are taken; and as the share of large results
 * drifts, one of its two sites grows by what the other loses.
 * Not to be flagged: replacement is random, so some results get very old.
 *
 * EXPECT: cache|steady|warming|shrinking in memo_store
 */
#include "service.h"

#include <stdlib.h>

#define PLACES 240

struct result {
    bool large;
    unsigned key;
};

static struct result *memo[PLACES];

static struct result *small_result(void)
{
    return must(calloc(1, 64));
}

static struct result *large_result(void)
{
    return must(calloc(1, 320));
}

static NOINLINE void memo_store(unsigned key, bool large)
{
    struct result **place = &memo[service_random(PLACES)];

    free(*place);
    *place = large ? large_result() : small_result();
    (*place)->large = large;
    (*place)->key = key;
}

static void serve(const struct request *request)
{
    if (service_percent(40))
        memo_store(request->number, service_percent(20 + 4 * service_round()));
}

static void stop(void)
{
    for (unsigned i = 0; i < PLACES; i++)
        free(memo[i]);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
