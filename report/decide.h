/*
 * The decision of a check: charges of all processes, what is accepted of
 * them, and what stands in the way of a conclusion. Inconclusive is never
 * green.
 */
#ifndef TENURE_REPORT_DECIDE_H
#define TENURE_REPORT_DECIDE_H

#include "report/baseline.h"
#include "report/gate.h"
#include "report/judge.h"
#include "report/policy.h"
#include "report/suppress.h"

struct tenure_decision {
    struct tenure_gate gate; /* for the outputs */
    struct tenure_cases cases;
    struct tenure_charge *charges;
    struct tenure_arena texts;
    const char **reasons, **warnings;
    size_t reason_room, warning_room;
};

struct tenure_decision_input {
    const struct tenure_policy *policy;
    struct tenure_suppressions *suppressions;
    struct tenure_baseline *baseline;
    int leak_status; /* what to exit with if something fails */
};

/* Zero a decision to begin with. A doubt makes it inconclusive unless there
 * is a leak; an error (of the input) likewise, with status 2. Both may be
 * given before and stand before what tenure_decide() finds. */
__attribute__((format(printf, 2, 3))) void
tenure_decision_doubt(struct tenure_decision *decision, const char *format,
                      ...);
__attribute__((format(printf, 2, 3))) void
tenure_decision_error(struct tenure_decision *decision, const char *format,
                      ...);
__attribute__((format(printf, 2, 3))) void
tenure_decision_warn(struct tenure_decision *decision, const char *format, ...);

/* Decides on decision->cases, which may be none. */
void tenure_decide(struct tenure_decision *decision,
                   const struct tenure_decision_input *input);

void tenure_decision_drop(struct tenure_decision *decision);

#endif
