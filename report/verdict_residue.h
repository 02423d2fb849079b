/*
 * The residues of a site: of each generation, what is still alive in the
 * newest snapshot. Pure functions on plain data; internal to the verdict.
 */
#ifndef TENURE_REPORT_VERDICT_RESIDUE_H
#define TENURE_REPORT_VERDICT_RESIDUE_H

#include "report/verdict_rules.h"

struct tenure_residues {
    uint32_t count;
    double left[TENURE_MATRIX_MAX]; /* blocks, oldest generation first */
    double work[TENURE_MATRIX_MAX]; /* that the generation did */
    double usual;                   /* median of those that are not empty */
};

/* Of the generations of age >= age, without the `skipped` oldest and without
 * idle ones that left nothing. */
void tenure_residues_collect(const struct tenure_matrix *matrix, uint32_t age,
                             uint32_t skipped,
                             struct tenure_residues *residues);

/* Whether what one generation left counts, beside what is usual. */
bool tenure_residues_count(const struct tenure_residues *residues, double left);

/* Does the residue fall off? The mean of the later half over that of the
 * earlier, and their difference in standard errors. Once as it is and once
 * per work done, since both a timer and a request may leak; the milder answer
 * counts. Spikes count as three times the usual. */
void tenure_residues_compare(const struct tenure_residues *residues,
                             double *late_share, double *decline_z);

void tenure_residues_later_half(const struct tenure_residues *residues,
                                struct tenure_residues *later);

#endif
