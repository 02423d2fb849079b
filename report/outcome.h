/*
 * What a command says about a whole series, and so its exit status.
 */
#ifndef TENURE_REPORT_OUTCOME_H
#define TENURE_REPORT_OUTCOME_H

#include "report/series.h"

enum tenure_verdict {
    TENURE_VERDICT_CLEAN,
    TENURE_VERDICT_LEAK,
    TENURE_VERDICT_INCONCLUSIVE
};

enum { TENURE_REASONS_MAX = 8 };

struct tenure_outcome {
    enum tenure_verdict verdict;
    char reasons[TENURE_REASONS_MAX][200];
    uint32_t reason_count;
};

/* Why nothing can be concluded from this series, however its sites look:
 * too few snapshots, dropped records, an agent that saw nothing. Leaves the
 * verdict `clean` if there is no such reason. */
void tenure_outcome_of(struct tenure_outcome *outcome,
                       const struct tenure_series *series);

/* "clean", "leak", "inconclusive". */
const char *tenure_verdict_name(enum tenure_verdict verdict);

/* An enum tenure_exit. */
int tenure_verdict_status(enum tenure_verdict verdict);

#endif
