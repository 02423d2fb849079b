/*
 * A pool of records cut from slabs, each twice as large as the last.
 *
 * Grows: by one slab of 64, 128, 256 KiB ... when the pool is used up. Demand
 * rises through the first half of the run and then stays.
 * Not to be flagged: few large blocks that are kept on purpose.
 *
 * EXPECT: pool|one-off|steady|warming in slab_add
 */
#include "service.h"

#include <stdlib.h>

#define FIRST_SLAB 65536u
#define RECORD 256u
#define MAX_SLABS 8

union record {
    union record *next;
    char bytes[RECORD];
};

static void *slabs[MAX_SLABS];
static unsigned slab_count;
static union record *unused;
static union record *in_use;
static unsigned in_use_count;

static NOINLINE void slab_add(void)
{
    size_t size = (size_t)FIRST_SLAB << slab_count;
    union record *records = must(malloc(size));

    if (slab_count == MAX_SLABS)
        exit(70);
    slabs[slab_count++] = records;
    for (size_t i = 0; i < size / RECORD; i++) {
        records[i].next = unused;
        unused = &records[i];
    }
}

static void record_take(void)
{
    union record *record;

    if (!unused)
        slab_add();
    record = unused;
    unused = record->next;
    record->next = in_use;
    in_use = record;
    in_use_count++;
}

static void record_give(void)
{
    union record *record = in_use;

    in_use = record->next;
    record->next = unused;
    unused = record;
    in_use_count--;
}

static void serve(const struct request *request)
{
    unsigned round = service_round() < 6 ? service_round() : 6;
    unsigned demand = 300 * round + request->client;

    while (in_use_count < demand)
        record_take();
    while (in_use_count > demand)
        record_give();
}

static void stop(void)
{
    while (slab_count)
        free(slabs[--slab_count]);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
