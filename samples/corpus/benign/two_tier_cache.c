/*
 * A cache with a tier for new entries and one for those asked for again.
 *
 * Grows: the second tier, slowly, by entries copied from the first one; it
 * has 150 places, full after five rounds.
 * Not to be flagged: it fills slowly, and then replaces.
 *
 * EXPECT: cache|steady|warming|suspect|unbounded in entry_promote
 * EXPECT: cache|steady|warming in entry_cache
 */
#include "service.h"

#include <stdlib.h>

#define FIRST 80
#define SECOND 150
#define KEYS 900

struct entry {
    unsigned key;
    char value[150];
};

static struct entry *first[FIRST];
static struct entry *second[SECOND];
static unsigned first_head;
static unsigned second_head;

static struct entry **find(struct entry **tier, unsigned size, unsigned key)
{
    for (unsigned i = 0; i < size; i++)
        if (tier[i] && tier[i]->key == key)
            return &tier[i];
    return NULL;
}

static NOINLINE void entry_cache(unsigned key)
{
    struct entry **place = &first[first_head++ % FIRST];

    free(*place);
    *place = must(calloc(1, sizeof **place));
    (*place)->key = key;
}

static NOINLINE void entry_promote(struct entry **from)
{
    struct entry **place = &second[second_head++ % SECOND];

    free(*place);
    *place = must(malloc(sizeof **place));
    **place = **from;
    free(*from);
    *from = NULL;
}

static void serve(const struct request *request)
{
    unsigned key = service_skewed(KEYS);
    struct entry **found;

    (void)request;
    if (find(second, SECOND, key))
        return;
    found = find(first, FIRST, key);
    if (found)
        entry_promote(found);
    else
        entry_cache(key);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
