/*
 * What a major snapshot says of who holds what: into sites.
 *
 * In comes the RETAINED section of the newest snapshot that has one, with
 * what its MARKS say of lost blocks, and the newest CONTAINERS; out go
 * retained_bytes and what populations say of their container.
 */
#include "report/join.h"

static uint32_t newest_retained(const struct tenure_series *series)
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

/* In the first mark, LOSSES are about what is unreached, not lost yet. */
static bool is_first_mark(const struct tenure_snapshot *from)
{
    for (uint64_t i = 0; i < from->marks_count; i++)
        if (from->marks[i].lost_blocks > 0)
            return false;
    return from->losses_count > 0;
}

/* Reached blocks are in RETAINED, lost ones with what is below them are in
 * MARKS; unreached ones that the next mark may find lost are in neither. */
static void add_unreached(struct tenure_series *series,
                          const struct tenure_snapshot *from)
{
    bool first = is_first_mark(from);
    for (uint64_t i = 0; i < from->marks_count; i++) {
        const struct tenure_mark *mark = &from->marks[i];
        add(series, mark->site, mark->retained_bytes);
        if (!first && mark->unreached_bytes > mark->lost_bytes)
            add(series, mark->site, mark->unreached_bytes - mark->lost_bytes);
    }
}

/* Of lost blocks below another site's, only the other knows. */
static void retain_itself(struct tenure_series *series)
{
    uint32_t of = series->retained_of;
    for (size_t i = 0; i < series->sites.count; i++) {
        struct tenure_site *site = &series->sites.at[i];
        uint64_t itself = site->population.live_bytes[of];
        if (site->retained_bytes < itself)
            site->retained_bytes = itself;
    }
}

static void join_retained(struct tenure_series *series)
{
    series->retained_of = newest_retained(series);
    if (series->retained_of == TENURE_NONE)
        return;
    const struct tenure_snapshot *from =
        &series->snapshots[series->retained_of];
    for (uint64_t i = 0; i < from->retained_count; i++)
        add(series, from->retained[i].site, from->retained[i].bytes);
    add_unreached(series, from);
    retain_itself(series);
}

/* The generation of the oldest block of a node; UINT32_MAX: it has none. */
static uint32_t oldest_of(const struct tenure_snapshot *s, uint32_t node)
{
    uint64_t low = 0, high = s->rows_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (s->rows[middle].site < node)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->rows_count && s->rows[low].site == node; low++)
        if (s->rows[low].blocks > 0)
            return s->rows[low].generation;
    return UINT32_MAX;
}

/* Several nodes may be one site: then what is said of each has to hold. */
static void add_container(struct tenure_series *series,
                          const struct tenure_snapshot *from,
                          const struct tenure_container *of)
{
    struct tenure_held *held =
        &tenure_join_site(series, &series->sites, of->site)->population.held;
    bool first = held->blocks == 0 && held->words == 0;
    double share = (double)of->share / 10000;
    bool older = of->kind == TENURE_RETAINER_GLOBAL ||
                 of->generation <= oldest_of(from, of->site);
    bool unresized = !(of->flags & TENURE_CONTAINER_RESIZED);
    held->share = first || share < held->share ? share : held->share;
    held->older = older && (first || held->older);
    held->unresized = unresized && (first || held->unresized);
    held->whole = of->kind != TENURE_RETAINER_GLOBAL && (first || held->whole);
    held->words += of->words;
    held->filled += of->filled;
    held->blocks += of->blocks;
}

/* Nodes of which nothing is said hang on nothing: not on one container. */
static void check_whole(struct tenure_series *series, uint32_t at)
{
    for (size_t i = 0; i < series->sites.count; i++) {
        struct tenure_population *p = &series->sites.at[i].population;
        if (p->held.blocks < p->live_blocks[at] - p->live_blocks[at] / 10)
            p->held = (struct tenure_held){0};
    }
}

/* The one at exit comes when what a service holds is being taken apart. */
static void join_containers(struct tenure_series *series)
{
    for (uint32_t i = series->timeline.count; i-- > 0;) {
        const struct tenure_snapshot *from = &series->snapshots[i];
        if (from->containers_count == 0 || series->timeline.at_exit[i])
            continue;
        for (uint64_t c = 0; c < from->containers_count; c++)
            add_container(series, from, &from->containers[c]);
        check_whole(series, i);
        return;
    }
}

void tenure_join_held(struct tenure_series *series)
{
    join_retained(series);
    join_containers(series);
}
