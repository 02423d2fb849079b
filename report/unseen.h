/*
 * Processes of a checked command that the agent was not in, or did not see
 * the end of.
 */
#ifndef TENURE_REPORT_UNSEEN_H
#define TENURE_REPORT_UNSEEN_H

#include <stdbool.h>

#include "report/decide.h"
#include "report/ledger.h"

struct tenure_unseen {
    const struct tenure_ledger_left *left;
    size_t count;
    /* Names that are accepted, each item a list with commas. */
    const struct tenure_texts *ignored;
    uint64_t wanted; /* snapshots of a process that can be judged */
};

/* Of snapshots that were given as files: processes of this host that are no
 * more and left no last one. `wanted` as above. */
void tenure_unseen_ended(struct tenure_decision *decision,
                         const struct tenure_texts *ignored, uint64_t wanted);

/* Adds a doubt for each program of them, or a warning where its snapshots
 * suffice. The cases are open. */
void tenure_unseen_doubts(struct tenure_decision *decision,
                          const struct tenure_unseen *unseen);

#endif
