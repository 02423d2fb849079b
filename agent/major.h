/*
 * The mark of a major snapshot: stop, walker, roots, mark, losses.
 *
 * tenure__major_begin() stops the threads, has a walker made and returns
 * while that marks; tenure__major_end() waits for its findings. Between the
 * two the helper gathers the rest of the snapshot. A mark that cannot be
 * made (no memory to spare, no method) leaves a snapshot without marks, and
 * says why. Helper thread only.
 */
#ifndef TENURE_AGENT_MAJOR_H
#define TENURE_AGENT_MAJOR_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"
#include "agent/objects.h"

struct tenure__major {
    const char *method;  /* "ptrace", "signal", "none"; "" = no mark */
    const char *refusal; /* why not, or "" */
    uint64_t pause_ns;
    uint32_t unstopped;
    uint64_t mark_ns; /* in the walker, until it knows what is reachable */
    uint64_t lost_blocks, lost_bytes;
    const struct tenure_mark *mark; /* sorted; until the next begin */
    uint32_t mark_count;
    const struct tenure_loss *loss; /* sorted */
    uint32_t loss_count;
    const struct tenure_retainer *retainer; /* by site, then step */
    uint32_t retainer_count;
    const struct tenure_type *type; /* sorted */
    uint32_t type_count;
    const struct tenure_retained *retained; /* sorted */
    uint32_t retained_count;
    const struct tenure_container *container;
    uint32_t container_count;
    uint64_t unweighed; /* blocks, if there were too many for that */
    const struct tenure__objects *objects; /* if they were asked for */
};

struct tenure__major_request {
    uint32_t generation; /* being closed; younger blocks are left out */
    const char *allocator;
    /* Not every block is known (sampling, a late start, drops): then a
     * block is lost only if no word of the heap points to it either, and
     * what only lost blocks hold is not found. */
    bool partial;
    bool last;   /* the process ends: what is not reached is lost */
    bool urgent; /* a thread of the service waits for the snapshot */
    struct tenure__objects_target objects;
};
void tenure__major_begin(const struct tenure__major_request *request);
void tenure__major_end(struct tenure__major *major);

/* The process ends: no mark goes on for longer than this, and none begins
 * after it. The snapshot is then one without marks, and says so. Any
 * thread. */
void tenure__major_end_within(uint32_t ms);

/* In a forked child: nothing was ever marked here. */
void tenure__major_after_fork(void);

#endif
