/*
 * Why a site has its class: the cohort matrix and each test with its numbers
 * and the limits they are compared with.
 */
#ifndef TENURE_REPORT_EXPLAIN_H
#define TENURE_REPORT_EXPLAIN_H

#include <stdio.h>

#include "report/verdict_rules.h"

/* Snapshots shown as columns; of a longer series the newest. */
#define TENURE_EXPLAIN_COLUMNS 16u

/* Prints to `to`; the verdict is the one of this population. `error_bytes`:
 * the standard error of what is alive in the last snapshot, 0 = exact. */
void tenure_explain(FILE *to, const struct tenure_population *population,
                    double error_bytes,
                    const struct tenure_site_verdict *verdict);

#endif
