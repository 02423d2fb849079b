/*
 * A least-recently-used cache that takes several rounds to fill.
 *
 * Grows: entries are added at each miss until there are 400, then the one
 * used longest ago makes room. Rare pages come late, so it fills ever slower.
 * Not to be flagged: any of it.
 *
 * EXPECT 8: cache|warming|steady|suspect|unbounded in lru_add
 * EXPECT 12: cache|warming|steady in lru_add
 */
#include "service.h"

#include <stdlib.h>

#define CAPACITY 400
#define PAGES 2000

struct entry {
    struct entry *older;
    struct entry *newer;
    unsigned page;
    char content[200];
};

static struct entry *index_of[PAGES];
static struct entry list = {.older = &list, .newer = &list};
static unsigned count;

static void unlink_entry(struct entry *entry)
{
    entry->older->newer = entry->newer;
    entry->newer->older = entry->older;
}

static void make_newest(struct entry *entry)
{
    entry->older = list.older;
    entry->newer = &list;
    list.older->newer = entry;
    list.older = entry;
}

static void lru_evict(void)
{
    struct entry *oldest = list.newer;

    unlink_entry(oldest);
    index_of[oldest->page] = NULL;
    free(oldest);
    count--;
}

static NOINLINE struct entry *lru_add(unsigned page)
{
    struct entry *entry = must(calloc(1, sizeof *entry));

    if (count == CAPACITY)
        lru_evict();
    entry->page = page;
    index_of[page] = entry;
    count++;
    return entry;
}

static void serve(const struct request *request)
{
    unsigned page;
    struct entry *entry;

    if (!service_percent(40))
        return;
    page = service_skewed(PAGES);
    entry = index_of[page];
    if (entry)
        unlink_entry(entry);
    else
        entry = lru_add(page);
    make_newest(entry);
    entry->content[request->client]++;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
