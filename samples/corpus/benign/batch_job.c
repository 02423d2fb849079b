/*
 * A batch job every third round, whose result stays until the next one.
 *
 * Grows: by the rows of a batch when it runs, up to two batches while the
 * new one is built; sizes differ from batch to batch.
 * Not to be flagged: rows that survive two snapshots and are then freed.
 *
 * EXPECT: steady|cache|one-off|backlog|warming|shrinking in batch_run
 */
#include "service.h"

#include <stdlib.h>

struct row {
    struct row *next;
    char *text;
};

static struct row *result;

static NOINLINE struct row *batch_run(void)
{
    unsigned count = 150 + service_random(100);
    struct row *rows = NULL;

    while (count--) {
        struct row *row = must(malloc(sizeof *row));

        row->text = service_text(count, 40 + count % 50);
        row->next = rows;
        rows = row;
    }
    return rows;
}

static void rows_free(struct row *rows)
{
    while (rows) {
        struct row *next = rows->next;

        free(rows->text);
        free(rows);
        rows = next;
    }
}

static void end_round(unsigned round)
{
    struct row *fresh;

    if (round % 3 != 1)
        return;
    fresh = batch_run();
    rows_free(result);
    result = fresh;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.round = end_round});
}
