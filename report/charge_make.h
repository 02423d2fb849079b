/* From the accused findings of a process to charges. */
#ifndef TENURE_REPORT_CHARGE_MAKE_H
#define TENURE_REPORT_CHARGE_MAKE_H

#include "report/judge.h"

/* Fills one->charges; they and their texts belong to the arena. The names of
 * accused sites must be resolved. */
void tenure_charges_make(struct tenure_case *one, struct tenure_arena *arena);

/* A charge against any site whose names are resolved; class, confidence and
 * evidence are for the caller to fill in. */
struct tenure_charge tenure_charge_of_site(const struct tenure_case *one,
                                           const struct tenure_site *site,
                                           struct tenure_arena *arena);

#endif
