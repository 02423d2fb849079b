/*
 * The three-snapshot method on a joined series.
 */
#include "report/three.h"

#include <stdlib.h>

struct tenure_kept tenure_kept_of(const struct tenure_site *site)
{
    const struct tenure_population *p = &site->population;
    struct tenure_kept kept = {site, 0, 0};
    for (uint32_t i = 0; i < p->cohort_count; i++) {
        if (p->cohorts[i].first != 1)
            continue;
        kept.blocks += p->cohorts[i].blocks[2];
        kept.bytes += p->cohorts[i].bytes[2];
    }
    return kept;
}

static int by_bytes(const void *left, const void *right)
{
    const struct tenure_kept *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->blocks != b->blocks)
        return a->blocks > b->blocks ? -1 : 1;
    return (a->site->call > b->site->call) - (a->site->call < b->site->call);
}

void tenure_kept_make(struct tenure_kept_list *list,
                      const struct tenure_series *series)
{
    const struct tenure_site_list *sites = &series->sites;
    *list = (struct tenure_kept_list){
        .at = tenure_zeroed(sites->count + 1, sizeof *list->at)};
    for (size_t i = 0; i < sites->count; i++) {
        struct tenure_kept kept = tenure_kept_of(&sites->at[i]);
        if (!kept.blocks)
            continue;
        list->at[list->count++] = kept;
        list->blocks += kept.blocks;
        list->bytes += kept.bytes;
    }
    qsort(list->at, list->count, sizeof *list->at, by_bytes);
}
