/*
 * The parts of the join that series.c runs: rows, realloc's growth records
 * and the spread of estimates into sites. Internal to the series.
 */
#ifndef TENURE_REPORT_JOIN_H
#define TENURE_REPORT_JOIN_H

#include "report/series.h"

/* Fills series->sites and ->mappings from rows and late frees; all but
 * what growth and the marks know. The call tree must be complete. */
void tenure_join_rows(struct tenure_series *series);

/* Adds grown bytes to populations and columns, and grown_by. */
void tenure_join_growth(struct tenure_series *series);

/* How far the numbers of a sampled run may be off. */
void tenure_join_spread(struct tenure_series *series);

/* Adds what marks say of lost blocks. */
void tenure_join_lost(struct tenure_series *series);

/* Adds what the newest mark found that sites retain. */
void tenure_join_held(struct tenure_series *series);

/* Last: makes the columns agree (freed_bytes from the identity), sums the
 * totals, and gives sites without late frees, marks or growth their zeros. */
void tenure_join_finish(struct tenure_series *series,
                        struct tenure_site_list *list);

/* The site of a node of snapshot `at`; made if it is new. */
struct tenure_site *tenure_join_site(struct tenure_series *series,
                                     struct tenure_site_list *list,
                                     uint32_t node_id);

/* A zeroed array, one number per snapshot. */
void *tenure_join_array(struct tenure_series *series);

/* Adds to the number of snapshot `at`. pre: the array is one of those, which
 * are const for everybody but the join. */
void tenure_join_add(const uint64_t *array, uint32_t at, uint64_t more);

#endif
