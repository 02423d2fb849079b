/*
 * The cohort matrix of one site, as numbers to reckon with: row 0 is what was
 * there when the window opened, row g was born between column g-1 and g.
 *
 * Columns are the snapshots of the running process inside the window; the
 * exit snapshot is left out, because what a service frees while it stops
 * says nothing about what it did while it ran. Idle generations are merged
 * into the busy one before them. In a sampled run the counts
 * are the expected numbers of samples, not of blocks: chance acts on those.
 *
 * Plain data owned by the caller; all functions are pure and thread-safe.
 */
#ifndef TENURE_REPORT_VERDICT_MATRIX_H
#define TENURE_REPORT_VERDICT_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "report/population.h"

/* Columns that are judged at most: the newest ones. */
#define TENURE_MATRIX_MAX 48u

struct tenure_matrix {
    uint32_t count;                     /* columns, and rows */
    uint32_t column[TENURE_MATRIX_MAX]; /* index in the timeline */
    double time_s[TENURE_MATRIX_MAX];   /* of each column */
    double work[TENURE_MATRIX_MAX];     /* of generation g; 1 = usual */
    double blocks[TENURE_MATRIX_MAX][TENURE_MATRIX_MAX]; /* [row][column] */
    double bytes[TENURE_MATRIX_MAX][TENURE_MATRIX_MAX];
};

/* The columns, times and work of the timeline; no rows yet. The same for all
 * sites of a timeline. */
void tenure_matrix_open(struct tenure_matrix *matrix,
                        const struct tenure_timeline *timeline);

/* Empties the rows, then adds the populations (of one timeline, the one
 * opened): one site's, or those of sites that are judged together. */
void tenure_matrix_fill(struct tenure_matrix *matrix,
                        const struct tenure_population *const *populations,
                        uint32_t count);

/* Blocks of row `g` that died between columns k-1 and k. */
double tenure_matrix_deaths(const struct tenure_matrix *matrix, uint32_t g,
                            uint32_t k);

/* All blocks or bytes alive at column k in rows of age >= age (row 0 too). */
double tenure_matrix_blocks_of_age(const struct tenure_matrix *matrix,
                                   uint32_t k, uint32_t age);
double tenure_matrix_bytes_of_age(const struct tenure_matrix *matrix,
                                  uint32_t k, uint32_t age);

#endif
