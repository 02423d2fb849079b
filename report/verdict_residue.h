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

/* Of the generations of age >= age, without the `skipped` oldest. */
void tenure_residues_collect(const struct tenure_matrix *matrix, uint32_t age,
                             uint32_t skipped,
                             struct tenure_residues *residues);

/* Whether what one generation left counts, beside what is usual. */
bool tenure_residues_count(const struct tenure_residues *residues, double left);

/* What the residues go by: a timer leaks the same in every generation, a
 * request the more of them there are. */
enum tenure_residue_basis {
    TENURE_BY_EITHER, /* the data do not tell */
    TENURE_BY_GENERATION,
    TENURE_BY_WORK
};

/* The basis on which they lie closer to a straight line. */
enum tenure_residue_basis
tenure_residues_basis(const struct tenure_residues *residues);

/* Does the residue fall off? The mean of the later half over that of the
 * earlier, and their difference in standard errors; by either: the milder
 * answer. Spikes count as three times the usual. */
void tenure_residues_compare(const struct tenure_residues *residues,
                             enum tenure_residue_basis basis,
                             double *late_share, double *decline_z);

void tenure_residues_later_half(const struct tenure_residues *residues,
                                struct tenure_residues *later);

#endif
