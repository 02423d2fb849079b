/*
 * A baseline: the leaks that are known, say those of the main branch. A site
 * is found again by its stable id, and where that differs because a compiler
 * inlined differently, by the functions on its stack.
 *
 * Not thread-safe. Texts belong to the baseline.
 */
#ifndef TENURE_REPORT_BASELINE_H
#define TENURE_REPORT_BASELINE_H

#include "report/charge.h"
#include "report/memory.h"
#include "report/message.h"

struct tenure_known {
    uint64_t id;
    const char *class, *title, *thread;
    const char *const *functions; /* innermost first; "" = unknown */
    uint32_t depth;
    uint64_t bytes, blocks;
    uint64_t work; /* allocations of the process meanwhile; 0 = unknown */
    double rate;   /* bytes per second; 0 = unknown */
    bool met;      /* by a charge */
};

struct tenure_baseline {
    struct tenure_known *at;
    size_t count, room;
    struct tenure_arena arena;
};

/* Adds what a file knows: a report of this command as JSON, what
 * tenure_baseline_write() wrote, or snapshots (also a directory of them),
 * which are judged first. 0, or -1 with the reason in `why`. */
int tenure_baseline_read(struct tenure_baseline *baseline, const char *path,
                         struct tenure_why *why);
void tenure_baseline_drop(struct tenure_baseline *baseline);

/* Adds one charge. */
void tenure_baseline_add(struct tenure_baseline *baseline,
                         const struct tenure_charge *charge);

/* Marks as known what is in the baseline and no worse than there: not half
 * as much again, in itself and for the same work; of what was only looked at
 * as its program ended, in itself. */
void tenure_baseline_apply(struct tenure_baseline *baseline,
                           struct tenure_charge *charges, size_t count);

/* Writes those of the charges that are not suppressed as a baseline; the
 * file appears whole or not at all. 0, or -1 with the reason. */
int tenure_baseline_write(const char *path, const struct tenure_charge *charges,
                          size_t count, struct tenure_why *why);

#endif
