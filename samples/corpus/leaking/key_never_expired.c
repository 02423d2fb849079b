/*
 * A key-value store whose sweeper overlooks keys written twice.
 *
 * Leaks: a second write to the same key clears its deadline, and the sweeper
 * takes "no deadline" for "keep": about 4 % of the keys stay for ever. The
 * store is emptied when the service stops, which clears nothing.
 * Not to be flagged: all other keys, which expire after 150 requests though
 * the same function makes them.
 *
 * EXPECT: leak in store_put
 * EXPECT major: leak|unbounded in store_put
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define TIME_TO_LIVE 150

struct entry {
    struct entry *next;
    unsigned key;
    unsigned deadline; /* 0 = none */
    char value[40];
};

static struct entry *entries;

static NOINLINE struct entry *store_put(unsigned key, const char *value)
{
    struct entry *entry = must(malloc(sizeof *entry));

    entry->key = key;
    entry->deadline = key + TIME_TO_LIVE;
    strncpy(entry->value, value, sizeof entry->value);
    entry->next = entries;
    entries = entry;
    return entry;
}

static void store_sweep(unsigned now)
{
    struct entry **link = &entries;

    while (*link) {
        struct entry *entry = *link;

        if (entry->deadline && entry->deadline < now) {
            *link = entry->next;
            free(entry);
        } else {
            link = &entry->next;
        }
    }
}

static void serve(const struct request *request)
{
    struct entry *entry = store_put(request->number, request->body);

    if (service_percent(4)) {
        strncpy(entry->value, request->path, sizeof entry->value);
        entry->deadline = 0;
    }
    if (request->number % 50 == 0)
        store_sweep(request->number);
}

static void stop(void)
{
    while (entries) {
        struct entry *next = entries->next;

        free(entries);
        entries = next;
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
