/*
 * A test of a small cache: cache_test [ROUNDS], else $TENURE_ROUND rounds.
 *
 * Leaks with CONSUMER_LEAKS: cache_evict() forgets what an entry owns.
 * Not to be flagged: the entries themselves, at most 64 of them.
 * Expected: class lost or leak, allocated in cache_put().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenure.h>

enum { ENTRIES = 64, PUTS = 200 };

static char *values[ENTRIES];

static void cache_evict(unsigned slot)
{
#ifndef CONSUMER_LEAKS
    free(values[slot]);
#endif
    values[slot] = NULL;
}

static __attribute__((noinline)) void cache_put(unsigned slot,
                                                const char *value)
{
    cache_evict(slot);
    values[slot] = strdup(value);
}

static int test_round(unsigned seed)
{
    char text[32];
    for (unsigned i = 0; i < PUTS; i++) {
        snprintf(text, sizeof text, "value %u of %u", i, seed);
        cache_put((i * 7 + seed) % ENTRIES, text);
        if (strcmp(values[(i * 7 + seed) % ENTRIES], text) != 0)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *rounds = argc > 1 ? argv[1] : getenv("TENURE_ROUND");
    int failed = 0;
    for (int i = 0; i < atoi(rounds ? rounds : "1"); i++) {
        failed |= test_round((unsigned)i);
        if (argc > 1)
            tenure_take_snapshot("round");
    }
    for (unsigned i = 0; i < ENTRIES; i++)
        cache_evict(i);
    return failed;
}
