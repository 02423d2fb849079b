/*
 * What a command says about a whole series, and so its exit status.
 */
#ifndef TENURE_REPORT_OUTCOME_H
#define TENURE_REPORT_OUTCOME_H

#include "report/findings.h"

enum tenure_verdict {
    TENURE_VERDICT_CLEAN,
    TENURE_VERDICT_LEAK,
    TENURE_VERDICT_INCONCLUSIVE
};

enum { TENURE_REASONS_MAX = 10 };

struct tenure_outcome {
    enum tenure_verdict verdict;
    char reasons[TENURE_REASONS_MAX][256];
    uint32_t reason_count;
};

/* Classes of sites that make a series a leak, as a set of bits. */
#define TENURE_FAIL_ON(class) (1u << (class))
#define TENURE_FAIL_ON_DEFAULT                                                 \
    (TENURE_FAIL_ON(TENURE_CLASS_LOST) | TENURE_FAIL_ON(TENURE_CLASS_GROWN) |  \
     TENURE_FAIL_ON(TENURE_CLASS_LEAK))

/*
 * The verdict and its reasons, first the one that decided. A leak is one
 * whatever else is in doubt. Without one, doubts make it inconclusive: too
 * few snapshots, dropped records, an agent that saw nothing.
 */
struct tenure_outcome_input {
    const struct tenure_judgement *judgement;
    const struct tenure_findings *findings;
    const struct tenure_symbols *symbols;
    unsigned fail_on; /* a set of TENURE_FAIL_ON() */
};
void tenure_outcome_of(struct tenure_outcome *outcome,
                       const struct tenure_outcome_input *input);

/* "clean", "leak", "inconclusive". */
const char *tenure_verdict_name(enum tenure_verdict verdict);

/* An enum tenure_exit. */
int tenure_verdict_status(enum tenure_verdict verdict);

#endif
