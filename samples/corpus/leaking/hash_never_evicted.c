/*
 * A crawler that remembers every address it has seen, for ever.
 *
 * Leaks: visited_add() puts a node into a hash that nothing ever leaves; a
 * quarter of the requests bring a new address.
 * Not to be flagged: the lookup keys, freed at once.
 *
 * EXPECT: leak in visited_add
 * EXPECT major: leak|unbounded in visited_add
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 512

struct visited {
    struct visited *next;
    char address[64];
};

static struct visited *buckets[BUCKETS];

static unsigned hash(const char *text)
{
    unsigned value = 5381;

    while (*text)
        value = value * 33 + (unsigned char)*text++;
    return value % BUCKETS;
}

static bool visited_has(const char *address)
{
    struct visited *node = buckets[hash(address)];

    while (node && strcmp(node->address, address) != 0)
        node = node->next;
    return node != NULL;
}

static NOINLINE void visited_add(const char *address)
{
    struct visited *node = must(malloc(sizeof *node));
    unsigned bucket = hash(address);

    snprintf(node->address, sizeof node->address, "%s", address);
    node->next = buckets[bucket];
    buckets[bucket] = node;
}

static void crawl(const struct request *request)
{
    bool fresh = service_percent(25);
    char *address = must(malloc(64));

    snprintf(address, 64, "http://host%u%s", fresh ? request->number : 0,
             request->path);
    if (!visited_has(address))
        visited_add(address);
    free(address);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = crawl});
}
