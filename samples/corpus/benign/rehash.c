/*
 * A hash table that doubles its array of buckets.
 *
 * Grows: the array, at 64, 128, 256 ... keys; at most 700 keys are there at
 * once, because a key leaves when its turn comes again.
 * Not to be flagged: the old array is freed when its keys have moved.
 *
 * EXPECT: steady|one-off|pool|warming|cache|shrinking in table_resize
 * EXPECT: steady|cache|warming in table_add
 */
#include "service.h"

#include <stdlib.h>

#define KEYS 700

struct node {
    struct node *next;
    unsigned key;
    char value[52];
};

static struct node **buckets;
static unsigned size;
static unsigned count;

static NOINLINE void table_resize(unsigned wanted)
{
    struct node **moved = must(calloc(wanted, sizeof *moved));

    for (unsigned i = 0; i < size; i++) {
        while (buckets[i]) {
            struct node *node = buckets[i];

            buckets[i] = node->next;
            node->next = moved[node->key % wanted];
            moved[node->key % wanted] = node;
        }
    }
    free(buckets);
    buckets = moved;
    size = wanted;
}

static bool table_remove(unsigned key)
{
    struct node **link = size ? &buckets[key % size] : NULL;

    for (; link && *link; link = &(*link)->next) {
        struct node *node = *link;

        if (node->key != key)
            continue;
        *link = node->next;
        free(node);
        count--;
        return true;
    }
    return false;
}

static NOINLINE void table_add(unsigned key)
{
    struct node *node = must(malloc(sizeof *node));

    node->key = key;
    node->next = buckets[key % size];
    buckets[key % size] = node;
    count++;
}

static void serve(const struct request *request)
{
    unsigned key = service_random(KEYS);

    (void)request;
    if (table_remove(key))
        return;
    if (count == size)
        table_resize(size ? 2 * size : 64);
    table_add(key);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
