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

/* Of the snapshots that were taken while the process ran. `growth_bytes`, if
 * not NULL, is what RSS gained between the first and the last of them. */
enum tenure_memory_class
tenure_memory_of_series(const struct tenure_series *series,
                        int64_t *growth_bytes);

#endif
