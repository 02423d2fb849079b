/*
 * The way from snapshot files to charges, for any number of processes:
 * opened, grouped by process, joined, judged, with names, related ones
 * together. What `diff` does for one process, and then some.
 *
 * Not thread-safe.
 */
#ifndef TENURE_REPORT_JUDGE_H
#define TENURE_REPORT_JUDGE_H

#include "report/charge.h"
#include "report/view.h"

/* One process. Must not be moved: its parts point at each other. */
struct tenure_case {
    struct tenure_series series;
    struct tenure_view view;       /* for the report as JSON */
    struct tenure_charge *charges; /* one for each accused site */
    uint32_t charge_count;
    uint32_t judged;  /* snapshots that growth was judged by */
    uint32_t idle;    /* those left out since nothing happened before */
    uint32_t majors;  /* snapshots that looked for lost blocks */
    uint32_t unsure;  /* that did so without some threads: nothing is lost */
    const char *name; /* "server (PID 12, started ...)" */
};

struct tenure_cases {
    struct tenure_case **at; /* as they first appear in the files */
    size_t count, room;
    struct tenure_arena arena;
};

/* Opens files and directories (of which every file *.tenure is taken), with
 * the first `warmup` snapshots of a process as its warm-up. 0, or -1 with the
 * reason in `why` and nothing to drop. */
int tenure_cases_open(struct tenure_cases *cases, char *const *paths,
                      size_t count, uint64_t warmup, struct tenure_why *why);
void tenure_cases_drop(struct tenure_cases *cases);

/* The snapshot that came last. */
const struct tenure_snapshot *tenure_case_last(const struct tenure_case *one);

#endif
