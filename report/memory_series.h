/*
 * The memory line of a series: from snapshots to the points that
 * memory_line.h judges.
 */
#ifndef TENURE_REPORT_MEMORY_SERIES_H
#define TENURE_REPORT_MEMORY_SERIES_H

#include "report/memory_line.h"
#include "report/series.h"

struct tenure_memory_point
tenure_memory_point_of(const struct tenure_snapshot *snapshot);

struct tenure_memory_growth {
    int64_t rss_bytes, agent_bytes; /* from the first snapshot to the last */
    bool rises;                     /* and goes on, rather than in a step */
};

/* Of the snapshots that were taken while the process ran; `growth` may be
 * NULL. */
enum tenure_memory_class
tenure_memory_of_series(const struct tenure_series *series,
                        struct tenure_memory_growth *growth);

/* Is it worth a word whatever the verdict is? It goes on growing, by no
 * trifle, and no site explains it. */
bool tenure_memory_is_notable(enum tenure_memory_class class,
                              const struct tenure_memory_growth *growth);

#endif
