/*
 * Open addressing; 0 is no generation, so a row without one is free.
 */
#include "agent/mark_rows.h"

#include <stddef.h>

#include "agent/os.h"
#include "agent/sampling.h"

#define ROWS_FIRST 1024u

static uint32_t place_of(const struct tenure_mark *row, uint32_t capacity,
                         uint32_t site, uint32_t generation)
{
    uint64_t key = (uint64_t)site << 32 | generation;
    uint32_t at = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (capacity - 1);
    while (row[at].generation != 0 &&
           (row[at].site != site || row[at].generation != generation))
        at = (at + 1) & (capacity - 1);
    return at;
}

uint32_t tenure__mark_rows_find(const struct tenure__mark_rows *rows,
                                uint32_t site, uint32_t generation)
{
    return place_of(rows->row, rows->capacity, site, generation);
}

static bool make_room(struct tenure__mark_rows *rows)
{
    if (rows->count * 2 < rows->capacity)
        return true;
    uint32_t capacity = rows->capacity != 0 ? rows->capacity * 2 : ROWS_FIRST;
    struct tenure_mark *row = tenure__os_map(capacity * sizeof *row);
    if (row == NULL)
        return false;
    for (uint32_t i = 0; i < rows->capacity; i++) {
        const struct tenure_mark *old = &rows->row[i];
        if (old->generation != 0)
            row[place_of(row, capacity, old->site, old->generation)] = *old;
    }
    if (rows->row != NULL)
        tenure__os_unmap(rows->row, rows->capacity * sizeof *row);
    rows->row = row;
    rows->capacity = capacity;
    return true;
}

bool tenure__mark_rows_add(struct tenure__mark_rows *rows, uint32_t site,
                           uint32_t generation)
{
    if (!make_room(rows))
        return false;
    struct tenure_mark *row =
        &rows->row[tenure__mark_rows_find(rows, site, generation)];
    rows->count += row->generation == 0;
    row->site = site;
    row->generation = generation;
    return true;
}

static bool is_before(const struct tenure_mark *a, const struct tenure_mark *b)
{
    return a->site != b->site ? a->site < b->site
                              : a->generation < b->generation;
}

static void sift_down(struct tenure_mark *row, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(&row[child], &row[child + 1]))
            child++;
        if (!is_before(&row[at], &row[child]))
            return;
        struct tenure_mark moving = row[at];
        row[at] = row[child];
        row[child] = moving;
    }
}

static void round_row(struct tenure_mark *row)
{
    row->unreached_blocks = tenure__whole(row->unreached_blocks);
    row->unreached_bytes = tenure__whole(row->unreached_bytes);
    row->lost_blocks = tenure__whole(row->lost_blocks);
    row->lost_bytes = tenure__whole(row->lost_bytes);
    row->indirect_blocks = tenure__whole(row->indirect_blocks);
    row->indirect_bytes = tenure__whole(row->indirect_bytes);
    row->possible_blocks = tenure__whole(row->possible_blocks);
    row->possible_bytes = tenure__whole(row->possible_bytes);
    row->retained_bytes = tenure__whole(row->retained_bytes);
}

/* Moves them to the front; heapsort, which takes no memory. */
void tenure__mark_rows_sort(struct tenure__mark_rows *rows)
{
    struct tenure_mark *row = rows->row;
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows->capacity; i++)
        if (row[i].generation != 0)
            row[count++] = row[i];
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(row, i, count);
    for (uint32_t last = count; last-- > 1;) {
        struct tenure_mark moving = row[0];
        row[0] = row[last];
        row[last] = moving;
        sift_down(row, 0, last);
    }
    for (uint32_t i = 0; i < count; i++)
        round_row(&row[i]);
}

void tenure__mark_rows_drop(struct tenure__mark_rows *rows)
{
    if (rows->row != NULL)
        tenure__os_unmap(rows->row, rows->capacity * sizeof *rows->row);
    *rows = (struct tenure__mark_rows){0};
}

struct tenure__weight tenure__weigh(uint64_t bytes)
{
    if (!tenure__sampling_on())
        return (struct tenure__weight){TENURE__FRACTIONS,
                                       bytes * TENURE__FRACTIONS, 0, 0};
    double p = tenure__sample_probability(bytes), size = (double)bytes;
    double variance = (1 - p) / (p * p);
    return (struct tenure__weight){
        .blocks = (uint64_t)(TENURE__FRACTIONS / p),
        .bytes = (uint64_t)(size * TENURE__FRACTIONS / p),
        .blocks_variance = variance,
        .bytes_variance = variance * size * size,
    };
}
