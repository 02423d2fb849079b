/*
 * Cohorts are closed: what a cohort has less than at the last fold, died.
 */
#include "agent/population.h"

#include <string.h>

#include "agent/heap.h"

/* Rows at or below the floor count as one: a fold lifts old blocks there. */
static uint32_t lifted(uint32_t generation, uint32_t floor)
{
    return generation < floor ? floor : generation;
}

static int order(const struct tenure_row *a, const struct tenure_row *b,
                 uint32_t floor)
{
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    uint32_t x = lifted(a->generation, floor);
    uint32_t y = lifted(b->generation, floor);
    return x < y ? -1 : x > y;
}

void tenure__population_age(struct tenure__population *population,
                            const struct tenure__rows *now, uint32_t generation)
{
    const struct tenure__rows *before = &population->before;
    uint32_t floor = tenure__fold_floor(generation);
    size_t j = 0;
    for (size_t i = 0; i < before->count;) {
        struct tenure_row was = before->row[i++];
        while (i < before->count && order(&before->row[i], &was, floor) == 0) {
            was.blocks += before->row[i].blocks;
            was.bytes += before->row[i++].bytes;
        }
        while (j < now->count && order(&now->row[j], &was, floor) < 0)
            j++;
        struct tenure_row is = {0};
        if (j < now->count && order(&now->row[j], &was, floor) == 0)
            is = now->row[j];
        if (lifted(was.generation, floor) + 2 > generation ||
            is.blocks >= was.blocks)
            continue;
        uint64_t bytes = was.bytes > is.bytes ? was.bytes - is.bytes : 0;
        tenure__rows_add(&population->late, was.site, 0, was.blocks - is.blocks,
                         bytes);
    }
}

void tenure__population_keep(struct tenure__population *population,
                             struct tenure__rows *now)
{
    tenure__rows_drop(&population->before);
    population->before = *now;
    memset(now, 0, sizeof *now);
}

void tenure__population_late(const struct tenure__population *population,
                             struct tenure__rows *sorted)
{
    const struct tenure__rows *late = &population->late;
    memset(sorted, 0, sizeof *sorted);
    for (size_t i = 0; i < late->capacity; i++)
        if (late->row[i].site != 0)
            tenure__rows_add(sorted, late->row[i].site, 0, late->row[i].blocks,
                             late->row[i].bytes);
    tenure__rows_sort(sorted);
}
