/*
 * Rows into sites: one pass over every snapshot fills the populations, one
 * merge of the first with the last fills the columns.
 *
 * A row born after the generation that its snapshot closes is alive there,
 * but of a cohort that the next one closes: the target runs while the agent
 * looks.
 */
#include "report/join.h"

#include <string.h>

/* Everything born up to the floor of a snapshot whose agent has merged the
 * oldest generations counts as born in the merged one; everything born after
 * the first snapshot closed its own, in one population that is not closed:
 * some of it was there already when the first was taken. */
static uint32_t merged(uint32_t generation, uint32_t floor, uint32_t open)
{
    return generation < floor ? floor : generation > open ? open : generation;
}

void *tenure_join_array(struct tenure_series *series)
{
    return tenure_arena_take(&series->arena, series->timeline.count,
                             sizeof(uint64_t));
}

struct tenure_site *tenure_join_site(struct tenure_series *series,
                                     struct tenure_site_list *list,
                                     uint32_t node_id)
{
    uint32_t call = tenure_calltree_find(&series->calls, node_id);
    if (!list->of_call)
        list->of_call = tenure_arena_take(
            &series->arena, series->calls.call_count, sizeof(uint32_t));
    if (list->of_call[call] == 0) {
        list->at =
            tenure_grow(list->at, list->count, &list->room, sizeof *list->at);
        struct tenure_site *site = &list->at[list->count++];
        *site = (struct tenure_site){.call = call, .grown_by = TENURE_NONE};
        struct tenure_population *p = &site->population;
        p->timeline = &series->timeline;
        p->live_blocks = tenure_join_array(series);
        p->live_bytes = tenure_join_array(series);
        list->of_call[call] = (uint32_t)list->count;
    }
    return &list->at[list->of_call[call] - 1];
}

void tenure_join_add(const uint64_t *array, uint32_t at, uint64_t more)
{
    union {
        const uint64_t *shown;
        uint64_t *owned;
    } view = {array};
    view.owned[at] += more;
}

static uint32_t cohort_of(const struct tenure_series *series,
                          uint32_t generation)
{
    const struct tenure_timeline *line = &series->timeline;
    uint32_t low = line->base, high = line->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (line->generation[middle] < generation)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The site's cohort that ends with snapshot `last`, which may be one that is
 * not there yet; made in its place. */
static struct tenure_cohort *cohort(struct tenure_series *series,
                                    struct tenure_site *site, uint32_t last)
{
    struct tenure_population *p = &site->population;
    const struct tenure_timeline *line = &series->timeline;
    uint32_t generation = last < line->count ? line->generation[last]
                                             : line->generation[last - 1] + 1;
    uint32_t at = 0;
    while (at < p->cohort_count && p->cohorts[at].generation < generation)
        at++;
    union {
        const struct tenure_cohort *shown;
        struct tenure_cohort *owned;
    } view = {p->cohorts};
    if (at < p->cohort_count && p->cohorts[at].generation == generation)
        return &view.owned[at];
    uint32_t count = p->cohort_count++;
    if ((count & (count - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        struct tenure_cohort *more = tenure_arena_take(
            &series->arena, count ? 2 * count : 1, sizeof *more);
        if (count > 0)
            memcpy(more, view.owned, count * sizeof *more);
        p->cohorts = view.owned = more;
    }
    memmove(view.owned + at + 1, view.owned + at,
            (count - at) * sizeof *view.owned);
    view.owned[at] = (struct tenure_cohort){
        generation, last, tenure_join_array(series), tenure_join_array(series)};
    return &view.owned[at];
}

static void add_age(struct tenure_site *site, uint32_t now,
                    const struct tenure_row *row)
{
    uint32_t ends = now > row->generation ? now - row->generation : 0;
    enum tenure_age age = ends == 0   ? TENURE_NURSERY
                          : ends == 1 ? TENURE_INTERMEDIATE
                                      : TENURE_TENURED;
    site->age_blocks[age] += row->blocks;
    site->age_bytes[age] += row->bytes;
}

static void add_rows(struct tenure_series *series,
                     struct tenure_site_list *list, uint32_t i,
                     const struct tenure_row *rows, uint64_t count)
{
    uint32_t now = series->timeline.generation[i];
    for (uint64_t r = 0; r < count; r++) {
        const struct tenure_row *row = &rows[r];
        struct tenure_site *site = tenure_join_site(series, list, row->site);
        struct tenure_cohort *of =
            cohort(series, site, cohort_of(series, row->generation));
        tenure_join_add(site->population.live_blocks, i, row->blocks);
        tenure_join_add(site->population.live_bytes, i, row->bytes);
        tenure_join_add(of->blocks, i, row->blocks);
        tenure_join_add(of->bytes, i, row->bytes);
        if (i + 1 == series->timeline.count)
            add_age(site, now, row);
    }
}

static void add_lates(struct tenure_series *series, uint32_t i)
{
    const struct tenure_snapshot *from = &series->snapshots[i];
    for (uint64_t r = 0; r < from->lates_count; r++) {
        const struct tenure_late *late = &from->lates[r];
        struct tenure_population *p =
            &tenure_join_site(series, &series->sites, late->site)->population;
        if (!p->late_blocks) {
            p->late_blocks = tenure_join_array(series);
            p->late_bytes = tenure_join_array(series);
        }
        tenure_join_add(p->late_blocks, i, late->blocks);
        tenure_join_add(p->late_bytes, i, late->bytes);
    }
}

/* Rows of one site that count as one cohort in both snapshots. */
struct group {
    uint32_t site, generation;
    uint64_t blocks, bytes;
};

struct cursor {
    const struct tenure_row *row;
    uint64_t left;
    uint32_t floor, open;
};

/* The next group, or site TENURE_NONE at the end. */
static struct group next_group(struct cursor *at)
{
    struct group group = {.site = TENURE_NONE};
    for (; at->left > 0; at->row++, at->left--) {
        uint32_t generation = merged(at->row->generation, at->floor, at->open);
        if (group.site == TENURE_NONE) {
            group.site = at->row->site;
            group.generation = generation;
        } else if (group.site != at->row->site ||
                   group.generation != generation) {
            break;
        }
        group.blocks += at->row->blocks;
        group.bytes += at->row->bytes;
    }
    return group;
}

static int order(const struct group *a, const struct group *b)
{
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->generation > b->generation) - (a->generation < b->generation);
}

/* A cohort of one site in the first and in the last snapshot. Closed
 * cohorts only shrink, so what is left of A's blocks is the smaller number;
 * more of them in C (an agent that merged generations) are new ones. Of the
 * population that is not closed the difference is new or gone. */
static void compare(struct tenure_columns *columns, const struct group *a,
                    const struct group *c, bool open)
{
    columns->size_delta =
        tenure_sum(columns->size_delta, (int64_t)(c->bytes - a->bytes));
    if (c->blocks <= a->blocks) {
        columns->deleted_blocks += a->blocks - c->blocks;
        return;
    }
    uint64_t more = c->blocks - a->blocks;
    columns->new_blocks += more;
    if (open)
        columns->alloc_bytes += c->bytes > a->bytes ? c->bytes - a->bytes : 0;
    else
        columns->alloc_bytes +=
            (uint64_t)((unsigned __int128)c->bytes * more / c->blocks);
}

static void compare_rows(struct tenure_series *series,
                         struct tenure_site_list *list,
                         const struct tenure_row *a_rows, uint64_t a_count,
                         const struct tenure_row *c_rows, uint64_t c_count)
{
    const struct tenure_timeline *line = &series->timeline;
    uint32_t last = line->count - 1;
    uint32_t floor = series->snapshots[last].process->floor_generation;
    uint32_t closed = floor > line->generation[0] ? floor : line->generation[0];
    struct cursor a_at = {a_rows, a_count, floor, closed + 1};
    struct cursor c_at = {c_rows, c_count, floor, closed + 1};
    struct group a = next_group(&a_at), c = next_group(&c_at);
    while (a.site != TENURE_NONE || c.site != TENURE_NONE) {
        struct group nothing = {0};
        int which = order(&a, &c);
        uint32_t node = which <= 0 ? a.site : c.site;
        struct tenure_site *site = tenure_join_site(series, list, node);
        uint32_t generation = which <= 0 ? a.generation : c.generation;
        compare(&site->columns, which <= 0 ? &a : &nothing,
                which >= 0 ? &c : &nothing, generation > closed);
        if (which <= 0)
            a = next_group(&a_at);
        if (which >= 0)
            c = next_group(&c_at);
    }
}

/* Arrays that most sites do not need are one shared row of zeros. */
static void share_zeros(struct tenure_series *series,
                        struct tenure_site_list *list)
{
    const uint64_t *zeros = tenure_join_array(series);
    for (size_t i = 0; i < list->count; i++) {
        struct tenure_population *p = &list->at[i].population;
        p->late_blocks = p->late_blocks ? p->late_blocks : zeros;
        p->late_bytes = p->late_bytes ? p->late_bytes : zeros;
        p->lost_blocks = p->lost_blocks ? p->lost_blocks : zeros;
        p->lost_bytes = p->lost_bytes ? p->lost_bytes : zeros;
        p->grown_blocks = p->grown_blocks ? p->grown_blocks : zeros;
        p->rising_blocks = p->rising_blocks ? p->rising_blocks : zeros;
        p->grown_bytes =
            p->grown_bytes ? p->grown_bytes : (const int64_t *)zeros;
    }
}

void tenure_join_rows(struct tenure_series *series)
{
    uint32_t last = series->timeline.count - 1;
    for (uint32_t i = 0; i <= last; i++) {
        const struct tenure_snapshot *s = &series->snapshots[i];
        add_rows(series, &series->sites, i, s->rows, s->rows_count);
        add_rows(series, &series->mappings, i, s->mappings, s->mappings_count);
        add_lates(series, i);
    }
    const struct tenure_snapshot *a = &series->snapshots[0],
                                 *c = &series->snapshots[last];
    compare_rows(series, &series->sites, a->rows, a->rows_count, c->rows,
                 c->rows_count);
    compare_rows(series, &series->mappings, a->mappings, a->mappings_count,
                 c->mappings, c->mappings_count);
}

void tenure_join_finish(struct tenure_series *series,
                        struct tenure_site_list *list)
{
    share_zeros(series, list);
    struct tenure_columns *totals = &list->totals;
    for (size_t i = 0; i < list->count; i++) {
        struct tenure_columns *c = &list->at[i].columns;
        c->delta = (int64_t)(c->new_blocks - c->deleted_blocks);
        uint64_t freed =
            c->alloc_bytes + (uint64_t)c->grown_bytes - (uint64_t)c->size_delta;
        if ((int64_t)freed < 0) { /* of merged generations: estimates */
            c->alloc_bytes -= freed;
            freed = 0;
        }
        c->freed_bytes = freed;
        totals->new_blocks += c->new_blocks;
        totals->deleted_blocks += c->deleted_blocks;
        totals->delta = tenure_sum(totals->delta, c->delta);
        totals->alloc_bytes += c->alloc_bytes;
        totals->freed_bytes += c->freed_bytes;
        totals->size_delta = tenure_sum(totals->size_delta, c->size_delta);
        totals->grown_bytes = tenure_sum(totals->grown_bytes, c->grown_bytes);
    }
}
