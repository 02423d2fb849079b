/*
 * Growth records into sites: how much realloc added to blocks that live on.
 *
 * A record names one block in all snapshots of a run. A block without a
 * record had its birth size so far; all tables are sorted by record, so one
 * cursor per earlier snapshot finds its former sizes.
 */
#include "report/join.h"

#include <stdlib.h>

struct cursor {
    const struct tenure_growth *at;
    uint64_t left;
    uint32_t generation; /* that the snapshot closes */
};

static struct cursor cursor_of(const struct tenure_series *series, uint32_t i)
{
    const struct tenure_snapshot *s = &series->snapshots[i];
    return (struct cursor){s->growths, s->growths_count,
                           series->timeline.generation[i]};
}

/* Size of `of` in an earlier snapshot; false if it was not born. Asked with
 * rising records only. */
static bool size_in(struct cursor *earlier, const struct tenure_growth *of,
                    uint64_t *bytes)
{
    while (earlier->left > 0 && earlier->at->record < of->record) {
        earlier->at++;
        earlier->left--;
    }
    if (earlier->left > 0 && earlier->at->record == of->record)
        *bytes = earlier->at->bytes;
    else if (of->generation <= earlier->generation)
        *bytes = of->birth_bytes;
    else
        return false;
    return true;
}

/* Populations are const for everybody but the join. */
struct arrays {
    int64_t *grown_bytes;
    uint64_t *grown_blocks, *rising_blocks;
};

static struct arrays *arrays_of(struct tenure_series *series,
                                struct arrays *all, struct tenure_site *site)
{
    struct arrays *own = &all[site - series->sites.at];
    if (!own->grown_bytes) {
        own->grown_bytes = tenure_join_array(series);
        own->grown_blocks = tenure_join_array(series);
        own->rising_blocks = tenure_join_array(series);
        site->population.grown_bytes = own->grown_bytes;
        site->population.grown_blocks = own->grown_blocks;
        site->population.rising_blocks = own->rising_blocks;
    }
    return own;
}

static void add_snapshot(struct tenure_series *series, struct arrays *all,
                         uint32_t i)
{
    struct cursor first = cursor_of(series, 0);
    struct cursor before = cursor_of(series, i - 1);
    struct cursor before_that = cursor_of(series, i > 1 ? i - 2 : 0);
    const struct tenure_snapshot *now = &series->snapshots[i];
    for (uint64_t r = 0; r < now->growths_count; r++) {
        const struct tenure_growth *growth = &now->growths[r];
        uint64_t base, last, earlier;
        struct tenure_site *site =
            tenure_join_site(series, &series->sites, growth->site);
        struct arrays *to = arrays_of(series, all, site);
        if (size_in(&first, growth, &base) && base != growth->bytes) {
            to->grown_bytes[i] =
                tenure_sum(to->grown_bytes[i], (int64_t)(growth->bytes - base));
            to->grown_blocks[i]++;
        }
        if (i > 1 && size_in(&before, growth, &last) &&
            size_in(&before_that, growth, &earlier) && growth->bytes > last &&
            last > earlier)
            to->rising_blocks[i]++;
    }
}

struct grown {
    size_t site;
    uint32_t call;
    uint64_t bytes;
};

static int by_site_and_call(const void *left, const void *right)
{
    const struct grown *a = left, *b = right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->call > b->call) - (a->call < b->call);
}

/* What each stack of realloc added, per site of birth; unsorted. */
static size_t collect(struct tenure_series *series, struct grown *to)
{
    uint32_t last = series->timeline.count - 1;
    const struct tenure_snapshot *now = &series->snapshots[last];
    struct cursor first = cursor_of(series, 0);
    size_t count = 0;
    for (uint64_t r = 0; r < now->growths_count; r++) {
        const struct tenure_growth *growth = &now->growths[r];
        uint64_t base = growth->birth_bytes;
        if (last > 0)
            size_in(&first, growth, &base);
        if (growth->grown_site == 0 || growth->bytes <= base)
            continue;
        struct tenure_site *site =
            tenure_join_site(series, &series->sites, growth->site);
        to[count++] = (struct grown){
            (size_t)(site - series->sites.at),
            tenure_calltree_find(&series->calls, growth->grown_site),
            growth->bytes - base};
    }
    return count;
}

static void find_grown_by(struct tenure_series *series)
{
    uint32_t last = series->timeline.count - 1;
    struct tenure_arena scratch = {0};
    struct grown *grown = tenure_arena_take(
        &scratch, series->snapshots[last].growths_count + 1, sizeof *grown);
    size_t count = collect(series, grown);
    qsort(grown, count, sizeof *grown, by_site_and_call);
    uint64_t most = 0;
    for (size_t i = 0, end; i < count; i = end) {
        uint64_t sum = 0;
        if (i > 0 && grown[i].site != grown[i - 1].site)
            most = 0;
        for (end = i; end < count && grown[end].site == grown[i].site &&
                      grown[end].call == grown[i].call;
             end++)
            sum += grown[end].bytes;
        if (sum > most) {
            most = sum;
            series->sites.at[grown[i].site].grown_by = grown[i].call;
        }
    }
    tenure_arena_drop(&scratch);
}

/* A growth record may name a site without rows (freed while the agent was
 * writing): it becomes a site before pointers to sites are taken. */
static void make_sites(struct tenure_series *series)
{
    for (uint32_t i = 0; i < series->timeline.count; i++) {
        const struct tenure_snapshot *s = &series->snapshots[i];
        for (uint64_t r = 0; r < s->growths_count; r++)
            tenure_join_site(series, &series->sites, s->growths[r].site);
    }
}

void tenure_join_growth(struct tenure_series *series)
{
    struct tenure_arena scratch = {0};
    uint32_t last = series->timeline.count - 1;
    make_sites(series);
    struct arrays *all =
        tenure_arena_take(&scratch, series->sites.count + 1, sizeof *all);
    for (uint32_t i = 1; i <= last; i++)
        add_snapshot(series, all, i);
    for (size_t s = 0; s < series->sites.count; s++) {
        struct tenure_site *site = &series->sites.at[s];
        site->columns.grown_bytes =
            all[s].grown_bytes ? all[s].grown_bytes[last] : 0;
    }
    find_grown_by(series);
    tenure_arena_drop(&scratch);
}
