/*
 * A log of records that is compacted every third round.
 *
 * Grows: with each write, until compaction copies the latest record of each
 * key to a new block and frees the old ones. There are 200 keys.
 * Not to be flagged: copies survive, and are freed by the next compaction.
 *
 * EXPECT: cache|steady|backlog|warming|one-off|shrinking in record_write
 * EXPECT: cache|steady|backlog|warming|one-off|shrinking in compact
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define KEYS 200

struct record {
    struct record *older;
    unsigned key;
    char value[60];
};

static struct record *records;

static NOINLINE void record_write(unsigned key, const char *value)
{
    struct record *record = must(malloc(sizeof *record));

    record->key = key;
    strncpy(record->value, value, sizeof record->value);
    record->older = records;
    records = record;
}

static NOINLINE void compact(void)
{
    struct record *kept = NULL;
    bool seen[KEYS] = {false};

    while (records) {
        struct record *older = records->older;

        if (!seen[records->key]) {
            struct record *copy = must(malloc(sizeof *copy));

            *copy = *records;
            copy->older = kept;
            kept = copy;
            seen[records->key] = true;
        }
        free(records);
        records = older;
    }
    records = kept;
}

static void serve(const struct request *request)
{
    if (service_percent(50))
        record_write(service_random(KEYS), request->body);
}

static void end_round(unsigned round)
{
    if (round % 3 == 0)
        compact();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .round = end_round});
}
