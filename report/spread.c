/*
 * The spread of a sampled run's estimates into sites: how uncertain what is
 * alive is, and how uncertain what changed is.
 *
 * A block that is in the first snapshot and in the last was sampled once, and
 * its error is the same in both: it cancels. What is left is the spread of
 * the new blocks and of the deleted ones, and that of the deleted ones is
 * what the first snapshot's cohorts have lost of theirs.
 */
#include "report/join.h"

#include <math.h>

static bool usable(const struct tenure_spread *at)
{
    return isfinite(at->blocks_variance) && isfinite(at->bytes_variance) &&
           at->blocks_variance >= 0 && at->bytes_variance >= 0;
}

static struct tenure_variances *variances_of(struct tenure_series *series,
                                             const struct tenure_spread *at)
{
    return &tenure_join_site(series, &series->sites, at->site)->variances;
}

static void add_first(struct tenure_series *series)
{
    const struct tenure_snapshot *a = &series->snapshots[0];
    for (uint64_t i = 0; i < a->spreads_count; i++) {
        const struct tenure_spread *at = &a->spreads[i];
        if (!usable(at))
            continue;
        struct tenure_variances *to = variances_of(series, at);
        to->delta += at->blocks_variance;
        to->size_delta += at->bytes_variance;
    }
}

static void add_last(struct tenure_series *series)
{
    uint32_t last = series->timeline.count - 1;
    const struct tenure_snapshot *c = &series->snapshots[last];
    for (uint64_t i = 0; i < c->spreads_count; i++) {
        const struct tenure_spread *at = &c->spreads[i];
        if (!usable(at))
            continue;
        struct tenure_variances *to = variances_of(series, at);
        bool is_new =
            last > 0 && at->generation > series->timeline.generation[0];
        to->live_blocks += at->blocks_variance;
        to->live_bytes += at->bytes_variance;
        to->delta += is_new ? at->blocks_variance : -at->blocks_variance;
        to->size_delta += is_new ? at->bytes_variance : -at->bytes_variance;
    }
}

void tenure_variances_add(struct tenure_variances *to,
                          const struct tenure_variances *more)
{
    to->live_blocks += more->live_blocks;
    to->live_bytes += more->live_bytes;
    to->delta += more->delta;
    to->size_delta += more->size_delta;
}

void tenure_join_spread(struct tenure_series *series)
{
    struct tenure_site_list *list = &series->sites;
    add_first(series);
    add_last(series);
    for (size_t i = 0; i < list->count; i++) {
        struct tenure_variances *v = &list->at[i].variances;
        v->delta = fmax(v->delta, 0); /* merged generations, rounding */
        v->size_delta = fmax(v->size_delta, 0);
        tenure_variances_add(&list->total_variances, v);
    }
}
