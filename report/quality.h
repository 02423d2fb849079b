/*
 * What the agent could not do, in words.
 */
#ifndef TENURE_REPORT_QUALITY_H
#define TENURE_REPORT_QUALITY_H

#include "report/snapshot.h"

struct tenure_quality {
    const char *name;  /* "dropped_no_table", as in JSON */
    const char *means; /* "blocks not counted: ..." */
    const char *which; /* by name; NULL = nobody knows */
    uint64_t count;
    uint32_t key; /* enum tenure_value_key */
    bool dropped; /* makes every verdict inconclusive */
};

enum { TENURE_QUALITY_MAX = 64 };

/* The counters that are not zero, dropped ones first; how many. */
uint32_t tenure_quality_of(const struct tenure_snapshot *snapshot,
                           struct tenure_quality *list);

/* Why snapshots could not be written, by the errno value that the agent gave
 * (0 = it gave none); in `text`, or constant. */
const char *tenure_quality_failure(uint64_t error, char *text, size_t bytes);

#endif
