/*
 * A bounded cache that loses one evicted entry in eight.
 *
 * Leaks: an entry that is pinned when its turn to leave comes is taken out of
 * the ring but not freed, and unpinning it does not free it either. The cache
 * itself never has more than 300 entries.
 * Not to be flagged: the lookups.
 *
 * EXPECT 8: suspect|unbounded|leak in entry_new
 * EXPECT 12: leak in entry_new
 * EXPECT major: lost in entry_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY 300

struct entry {
    bool pinned;
    unsigned key;
    char value[100];
};

static struct entry *ring[CAPACITY];
static unsigned head;

static NOINLINE struct entry *entry_new(const struct request *request)
{
    struct entry *entry = must(malloc(sizeof *entry));

    entry->key = request->number;
    entry->pinned = service_percent(12);
    strncpy(entry->value, request->body, sizeof entry->value);
    return entry;
}

static void entry_evict(struct entry *entry)
{
    if (entry && !entry->pinned)
        free(entry);
}

static bool is_cached(unsigned key)
{
    unsigned *wanted = must(malloc(sizeof *wanted));
    bool found = false;

    *wanted = key;
    for (unsigned i = 0; i < CAPACITY && !found; i++)
        found = ring[i] && ring[i]->key == *wanted;
    free(wanted);
    return found;
}

static void serve(const struct request *request)
{
    if (is_cached(request->number - service_random(100)))
        return;
    entry_evict(ring[head % CAPACITY]);
    ring[head++ % CAPACITY] = entry_new(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
