/*
 * A heap full of holes.
 *
 * Grows: the resident memory, since each round allocates rows that are a bit
 * too long for the holes the last round left between the few it kept.
 * Not to be flagged: the live blocks, a fixed number that is replaced.
 *
 * EXPECT: steady|cache|warming|one-off in row_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 2000
#define KEEP_EVERY 16

static char *rows[ROWS];
static char *kept[ROWS / KEEP_EVERY];

static NOINLINE char *row_new(size_t size)
{
    char *row = must(malloc(size));

    memset(row, 'r', size);
    return row;
}

static void rows_load(size_t size)
{
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] = row_new(size);
}

static void rows_thin_out(void)
{
    for (unsigned i = 0; i < ROWS; i++) {
        if (i % KEEP_EVERY) {
            free(rows[i]);
        } else {
            free(kept[i / KEEP_EVERY]);
            kept[i / KEEP_EVERY] = rows[i];
        }
    }
}

static void end_round(unsigned round)
{
    rows_load(600 + 160 * (round % 16));
    rows_thin_out();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.round = end_round});
}
