/*
 * Sites that trade places: a cache with two kinds of entries evicts one for
 * the other, and alone the growing kind looks like a leak. A site is judged
 * together with those of the same code path that shrank as it grew.
 *
 * Pure functions; the arrays belong to the caller. Thread-safe.
 */
#ifndef TENURE_REPORT_VERDICT_TRADE_H
#define TENURE_REPORT_VERDICT_TRADE_H

#include "report/verdict_rules.h"

/* A call stack as numbers, outermost first, without the thread: equal
 * numbers are the same call in the same module. */
struct tenure_path {
    const uint64_t *at;
    uint32_t depth;
};

/* Frames at the inner end in which stacks of one code path may differ. */
#define TENURE_PATH_OWN_FRAMES 3u

bool tenure_paths_related(const struct tenure_path *a,
                          const struct tenure_path *b);

/* Looks again at every accused site of `verdicts` (one for each population
 * and path) and clears those that others made room for. */
void tenure_judge_trades(const struct tenure_population *const *populations,
                         const struct tenure_path *paths, uint32_t count,
                         struct tenure_matrix *scratch,
                         struct tenure_site_verdict *verdicts);

#endif
