/* What may have hidden a leak from a check. */
#ifndef TENURE_REPORT_DOUBT_H
#define TENURE_REPORT_DOUBT_H

#include "report/decide.h"

/* Adds the doubts about the cases of a decision, and warnings of what was
 * not looked for. */
void tenure_doubts(struct tenure_decision *decision,
                   const struct tenure_policy *policy);

/* Takes out the charges against the leak that --self-test makes, and doubts
 * where it was made and not found. Before the policy. */
void tenure_look_for_control(struct tenure_decision *decision);

#endif
