/*
 * What tenure check has to say, as plain data: the verdict with its reasons,
 * the charges, and what is beside them. One output format is one file
 * gate_FORMAT.c with one descriptor, and sees nothing else.
 *
 * Texts and arrays belong to whoever fills the gate. Read-only for outputs.
 */
#ifndef TENURE_REPORT_GATE_H
#define TENURE_REPORT_GATE_H

#include <stdio.h>

#include "report/charge.h"
#include "report/outcome.h"

/* A process that was looked at. */
struct tenure_gate_process {
    const char *name; /* "server (PID 12, started ...)" */
    const char *exe;  /* path */
    uint32_t snapshots;
    double seconds; /* from the first snapshot to the last */
    uint64_t live_blocks, live_bytes, lost_bytes, rss_bytes;
    uint64_t allocated_blocks;
    uint64_t sample_bytes; /* 0 = exact; else numbers are estimates */
    double error_bytes;    /* standard error of live_bytes */
};

/* A leak of the baseline that is not there any more. */
struct tenure_gate_fixed {
    const char *id, *class, *title;
    uint64_t bytes;
};

struct tenure_gate {
    enum tenure_verdict verdict;
    int status;                 /* what tenure check will exit with */
    const char *const *reasons; /* first the one that decided */
    uint32_t reason_count;
    const char *const *warnings; /* unused suppressions and the like */
    uint32_t warning_count;
    const struct tenure_charge *charges; /* those that fail first */
    uint32_t charge_count;
    const struct tenure_gate_fixed *fixed;
    uint32_t fixed_count;
    const struct tenure_gate_process *processes;
    uint32_t process_count;
    const char *command; /* what was run, or what to show: one line */
    const char *root;    /* of the sources, absolute, without a / at its end */
    void *details;       /* of the report as JSON; NULL in tests */
};

struct tenure_gate_output {
    const char *name; /* as --output calls it */
    void (*print)(const struct tenure_gate *gate, FILE *to);
};

extern const struct tenure_gate_output tenure_gate_text, tenure_gate_json,
    tenure_gate_junit, tenure_gate_sarif, tenure_gate_github,
    tenure_gate_markdown, tenure_gate_gitlab, tenure_gate_openmetrics;

/* What the formats share. */

/* Charges in this state that are shown themselves. */
uint32_t tenure_gate_count(const struct tenure_gate *gate,
                           enum tenure_charge_state state);

/* Is it shown, or told by its leader? */
bool tenure_gate_shows(const struct tenure_gate *gate, uint32_t charge);

/* `file` as seen from the sources' root; as it is if it is not below. */
const char *tenure_gate_path(const struct tenure_gate *gate, const char *file);

/* "leak in copy_key at store.c:41: 1.2 MiB in 3,020 blocks, 34 KiB/s, since
 * ..."; returns `text`. */
const char *tenure_charge_headline(const struct tenure_gate *gate,
                                   const struct tenure_charge *charge,
                                   char *text, size_t bytes);

/* What to do about a charge of this class, a sentence. */
const char *tenure_charge_remedy(const struct tenure_charge *charge);

/* "#0 copy_key src/store.c:12 (server)" without the end of line; returns
 * `text`. */
const char *tenure_gate_frame(const struct tenure_gate *gate,
                              const struct tenure_charge_frame *frame,
                              uint32_t number, char *text, size_t bytes);

#endif
