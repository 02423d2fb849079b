/*
 * The MARKS of a snapshot file while they are gathered: rows by (site, birth
 * generation), in a hash table that is sorted at the end.
 *
 * In a sampled run what is added are estimates, as in ROWS, kept in fractions
 * of a block and of a byte until the rows are sorted. Memory comes from
 * tenure__os_map. One thread.
 */
#ifndef TENURE_AGENT_MARK_ROWS_H
#define TENURE_AGENT_MARK_ROWS_H

#include <stdbool.h>

#include "agent/format/format.h"

struct tenure__mark_rows {
    struct tenure_mark *row; /* sorted: [count] */
    uint32_t count;
    uint32_t capacity; /* of the table; internal */
};

/* Makes a row if it is new, which moves the others; false: no memory. */
bool tenure__mark_rows_add(struct tenure__mark_rows *rows, uint32_t site,
                           uint32_t generation);
/* The place of a row that is there. pre: not sorted yet */
uint32_t tenure__mark_rows_find(const struct tenure__mark_rows *rows,
                                uint32_t site, uint32_t generation);

void tenure__mark_rows_sort(struct tenure__mark_rows *rows);
void tenure__mark_rows_drop(struct tenure__mark_rows *rows);

/* How many blocks of this size one of the sample stands for, their bytes, and
 * the variance of both. */
#define TENURE__FRACTIONS 1024u
struct tenure__weight {
    uint64_t blocks, bytes; /* in fractions */
    double blocks_variance, bytes_variance;
};
struct tenure__weight tenure__weigh(uint64_t bytes);

static inline uint64_t tenure__whole(uint64_t fractions)
{
    return (fractions + TENURE__FRACTIONS / 2) / TENURE__FRACTIONS;
}

#endif
