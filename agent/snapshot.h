/*
 * Closing a generation and writing what was alive in it.
 *
 * Everything here runs in the helper thread, one snapshot at a time. A
 * snapshot that cannot be written is counted (failed_snapshots); its
 * generation stays closed.
 */
#ifndef TENURE_AGENT_SNAPSHOT_H
#define TENURE_AGENT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/format/format.h"
#include "agent/limits.h"

struct tenure__snapshot {
    enum tenure_trigger trigger; /* in */
    uint32_t kind; /* in: enum tenure_snapshot_kind, 0: as configured */
    bool objects;  /* in: with every block, even if not configured so */
    char label[TENURE_LABEL_BYTES];     /* in */
    int fd;                             /* in: write here; -1: a new file */
    int seq;                            /* out: or a negative errno value */
    char path[TENURE_PATH_BYTES + 512]; /* out: absolute, or "" with fd */
};

/* What does not change between snapshots. Pointers are kept. */
void tenure__snapshot_open(const struct tenure__config *config,
                           const char *options, const char *allocator);

void tenure__snapshot_take(struct tenure__snapshot *snapshot);

/* Of the last snapshot; for `status`. */
struct tenure__last {
    uint64_t live_blocks, live_bytes, tenured_bytes;
    uint64_t lost_blocks; /* of the last major one */
    bool marked;          /* it had a mark: else nobody knows */
};
const struct tenure__last *tenure__snapshot_last(void);

/* In a forked child: what the parent's helper had in hand is left alone. */
void tenure__snapshot_after_fork(void);

#endif
