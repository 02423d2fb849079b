/* Where the outputs of a check go: --output=FORMAT:PATH, as often as needed. */
#ifndef TENURE_REPORT_GATE_WRITE_H
#define TENURE_REPORT_GATE_WRITE_H

#include "report/gate.h"
#include "report/message.h"
#include "report/options.h"

extern const char tenure_gate_formats[]; /* "text, json, ..." */

/* Are they all FORMAT or FORMAT:PATH of a known format? 0, or -1 with the
 * reason in `why`. To be asked before anything is run. */
int tenure_gate_outputs_check(const struct tenure_texts *outputs,
                              struct tenure_why *why);

/* Writes all of them; a file appears whole or not at all. FORMAT alone and
 * FORMAT:- go to `standard`. 0, or -1 with the first reason, the others
 * being written all the same. */
int tenure_gate_outputs_write(const struct tenure_gate *gate,
                              const struct tenure_texts *outputs,
                              FILE *standard, struct tenure_why *why);

#endif
