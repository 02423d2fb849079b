/*
 * Programs that run for a moment, judged by several runs: in run k the
 * program repeats its test body k times, and what is alive at its end grows
 * with k only where each repetition leaves something behind.
 */
#ifndef TENURE_REPORT_ROUNDS_H
#define TENURE_REPORT_ROUNDS_H

#include "report/decide.h"

/* Judges runs[count], the main process of each run in order, and adds
 * charges to the last. Doubts that the rounds differ go to the decision. */
void tenure_rounds_judge(struct tenure_decision *decision,
                         struct tenure_case *const *runs, uint32_t count);

#endif
