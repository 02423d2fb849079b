/*
 * Deaths of the tenured in a leak test. Pure functions on plain data;
 * internal to the verdict.
 */
#ifndef TENURE_REPORT_VERDICT_TURNOVER_H
#define TENURE_REPORT_VERDICT_TURNOVER_H

#include "report/verdict_rules.h"

/* Fills exposures, deaths, hazard and its bound from age and skipped. */
void tenure_count_deaths(const struct tenure_matrix *matrix,
                         struct tenure_leak_test *test);

/*
 * Fills clearings, inflow, turnover and balanced: deaths against births of
 * the tenured. Blocks from before the window count too, for a cache evicts
 * those first; only where they died all at once, well before the end, and
 * nothing else died, is that a reload and no turnover. With few snapshots
 * nothing can be put down to start-up.
 */
void tenure_count_turnover(const struct tenure_matrix *matrix,
                           struct tenure_leak_test *test);

#endif
