/*
 * The ledger of a check, as who makes and reads it: what became of every
 * process of the command. Not thread-safe.
 */
#ifndef TENURE_REPORT_LEDGER_H
#define TENURE_REPORT_LEDGER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/format/ledger.h"
#include "report/message.h"

/* Zero one to begin with. */
struct tenure_ledger_file {
    char path[PATH_MAX];
    struct tenure_ledger *map; /* NULL = there is none */
};

/* A process without an end. */
struct tenure_ledger_left {
    uint32_t pid;
    enum tenure_ledger_kind kind; /* began, or executed and never began */
    bool running;
    char name[sizeof((struct tenure_ledger_entry *)0)->name];
};

/* Makes it in $TMPDIR, with room on the disk for all of it. 0, or -1. */
int tenure_ledger_make(struct tenure_ledger_file *file, struct tenure_why *why);

/* Who has not ended; the caller frees `*left`. Waits a moment for those that
 * are about to; `except` are none of them. */
size_t tenure_ledger_read(const struct tenure_ledger_file *file,
                          const pid_t *except, size_t except_count,
                          struct tenure_ledger_left **left);

/* Were there more processes than it has room for? */
bool tenure_ledger_overflowed(const struct tenure_ledger_file *file);

void tenure_ledger_drop(struct tenure_ledger_file *file);

#endif
