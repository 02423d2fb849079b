/*
 * What a major snapshot says of who holds what: into sites.
 *
 * In comes the RETAINED section of the newest snapshot that has one, and what
 * its MARKS say of lost blocks; out go retained_bytes.
 */
#include "report/join.h"

static uint32_t newest(const struct tenure_series *series)
{
    for (uint32_t i = series->timeline.count; i-- > 0;)
        if (series->snapshots[i].retained_count > 0)
            return i;
    return TENURE_NONE;
}

/* Impossible numbers in a file end at the largest possible one. */
static void add(struct tenure_series *series, uint32_t node, uint64_t bytes)
{
    uint64_t *sum =
        &tenure_join_site(series, &series->sites, node)->retained_bytes;
    if (__builtin_add_overflow(*sum, bytes, sum))
        *sum = UINT64_MAX;
}

void tenure_join_held(struct tenure_series *series)
{
    series->retained_of = newest(series);
    if (series->retained_of == TENURE_NONE)
        return;
    const struct tenure_snapshot *from =
        &series->snapshots[series->retained_of];
    for (uint64_t i = 0; i < from->retained_count; i++)
        add(series, from->retained[i].site, from->retained[i].bytes);
    for (uint64_t i = 0; i < from->marks_count; i++)
        if (from->marks[i].retained_bytes > 0)
            add(series, from->marks[i].site, from->marks[i].retained_bytes);
}
