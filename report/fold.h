/*
 * Related findings folded into one: a struct and the strings it owns leak
 * together, with the same cohorts in the same proportion and from one common
 * caller. A person wants to read that once.
 *
 * Pure functions on arrays of the caller; thread-safe.
 */
#ifndef TENURE_REPORT_FOLD_H
#define TENURE_REPORT_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "report/verdict_rules.h"

/* A function in a stack. `function` is equal for equal functions whatever
 * the line; `own` says that it belongs to the program itself and not to a
 * library that it uses. */
struct tenure_fold_frame {
    uint64_t function;
    bool own;
};

struct tenure_fold_site {
    const struct tenure_population *population;
    const struct tenure_site_verdict *verdict;
    const struct tenure_fold_frame *stack; /* outermost first, no thread */
    uint32_t depth;
};

/* Do their cohorts leave the same residues, up to a factor? */
bool tenure_fold_same_fate(const struct tenure_population *a,
                           const struct tenure_population *b);

/* Is one allocated below the function that allocates the other, or do the
 * two differ in library frames only? */
bool tenure_fold_common_caller(const struct tenure_fold_site *a,
                               const struct tenure_fold_site *b);

/* Fills leaders[count]: for each site the index of the one that it is shown
 * with, for most its own. The leader is the first of its kind in the order
 * given, so give the heaviest first. Only accused sites of class lost, leak,
 * unbounded and suspect are folded, and only under a site of their class. */
void tenure_fold_sites(const struct tenure_fold_site *sites, uint32_t count,
                       uint32_t *leaders);

#endif
