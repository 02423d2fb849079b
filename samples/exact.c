/*
 * Allocations with known numbers, for tests that count.
 *
 * Between its two snapshots it leaks 1000 blocks of 100 bytes, frees 400 of
 * the 600 blocks of 64 bytes that the first one saw, and has realloc make one
 * buffer of 4096 bytes 50000 bytes long in ten steps. Nothing else of its own
 * is alive in either snapshot. The tests find the lines by their comments.
 *
 * Deterministic; takes no options and prints nothing.
 */
#include "tenure.h"

#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define LEAKED 1000
#define ENTRIES 600
#define RELEASED 400
#define FIRST_LENGTH 4096
#define LAST_LENGTH 50000
#define STEPS 10

static char *leaked[LEAKED];
static char *entries[ENTRIES];
static char *trail;

static void *must(void *pointer)
{
    if (!pointer)
        exit(70);
    return pointer;
}

static NOINLINE void leak_thousand(void)
{
    for (unsigned i = 0; i < LEAKED; i++)
        leaked[i] = must(malloc(100)); /* line of the leak */
}

static NOINLINE void entries_fill(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        entries[i] = must(malloc(64)); /* line of the entries */
}

static NOINLINE void entries_release(void)
{
    for (unsigned i = 0; i < RELEASED; i++) {
        free(entries[i]);
        entries[i] = NULL;
    }
}

static NOINLINE void trail_begin(void)
{
    trail = must(malloc(FIRST_LENGTH)); /* line of the birth */
    memset(trail, 't', FIRST_LENGTH);
}

static NOINLINE void trail_extend(void)
{
    for (size_t i = 1; i <= STEPS; i++) {
        size_t length = FIRST_LENGTH + (LAST_LENGTH - FIRST_LENGTH) * i / STEPS;

        trail = must(realloc(trail, length)); /* line of the growth */
        memset(trail, 't', length);
    }
}

static void take_snapshot(const char *label)
{
    if (tenure_take_snapshot(label) < 0)
        exit(71);
}

int main(void)
{
    entries_fill();
    trail_begin();
    take_snapshot("before");
    leak_thousand();
    entries_release();
    trail_extend();
    take_snapshot("after");
    return leaked[LEAKED - 1] && entries[ENTRIES - 1] && trail ? 0 : 1;
}
