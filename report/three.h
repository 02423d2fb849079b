/*
 * Blocks born between the first and the second of three snapshots that are
 * alive in the third, by site.
 */
#ifndef TENURE_REPORT_THREE_H
#define TENURE_REPORT_THREE_H

#include "report/series.h"

struct tenure_kept {
    const struct tenure_site *site;
    uint64_t blocks, bytes;
};

struct tenure_kept_list {
    struct tenure_kept *at; /* most bytes first */
    size_t count;
    uint64_t blocks, bytes; /* of all */
};

/* Of one site. */
struct tenure_kept tenure_kept_of(const struct tenure_site *site);

/* Of all sites that kept some; free list->at. The series has three
 * snapshots. */
void tenure_kept_make(struct tenure_kept_list *list,
                      const struct tenure_series *series);

#endif
