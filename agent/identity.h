/*
 * Who this process is, and where its snapshots go: asked once, at start and
 * again in a forked child. Read-only otherwise; the file number is the
 * helper thread's.
 */
#ifndef TENURE_AGENT_IDENTITY_H
#define TENURE_AGENT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"

struct tenure__identity {
    uint8_t run_id[16], parent_run_id[16];
    uint64_t started_unix_ns, started_monotonic_ns;
    uint32_t pid, parent_pid;
    uint32_t inherited_generation;
    /* Blocks born up to it may have belonged to threads that a fork did not
     * bring along; 0: there were none. */
    uint32_t orphaned_generation;
    uint32_t seq;         /* of the last snapshot */
    uint32_t file_number; /* of the last file; skips what is there already */
    char dir[TENURE_PATH_BYTES]; /* absolute */
    char exe[TENURE_PATH_BYTES];
    char command[TENURE_PATH_BYTES];
    char host[65];
    char name[201]; /* of the files */
};
extern struct tenure__identity tenure__identity;

void tenure__identity_open(const char *dir);
void tenure__identity_after_fork(uint32_t generation, bool was_threaded);

#endif
