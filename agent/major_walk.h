/*
 * What the helper hands to the walker, and what comes back. Internal to
 * major*.c.
 *
 * Of struct tenure__major_work the walker has a copy, as of all memory; only
 * the findings and the entries of `now` are shared.
 */
#ifndef TENURE_AGENT_MAJOR_WALK_H
#define TENURE_AGENT_MAJOR_WALK_H

#include "agent/limits.h"
#include "agent/major.h"
#include "agent/retain.h"
#include "agent/roots.h"
#include "agent/roots_kernel.h"
#include "agent/roots_unforked.h"
#include "agent/stop.h"
#include "agent/unreached.h"

/* What the walker writes and the helper reads. */
struct tenure__findings {
    int error;
    uint32_t row_count;
    uint64_t unreached; /* entries of the set */
    uint64_t mark_ns, lost_blocks, lost_bytes;
    struct tenure__unforked unforked;
    uint32_t retainer_count;
    struct tenure_retainer retainer[TENURE_RETAINERS_MAX];
    struct tenure_mark row[TENURE_MARK_ROWS_MAX];
    uint32_t loss_count;
    struct tenure_loss loss[TENURE_MARK_ROWS_MAX];
    uint32_t type_count;
    struct tenure_type type[TENURE_TYPE_ROWS_MAX];
    uint32_t container_count;
    struct tenure_container container[TENURE_RETAIN_SITES];
    uint32_t retained_count;
    uint64_t unweighed;
    struct tenure_retained retained[TENURE_RETAINED_ROWS_MAX];
    struct tenure__objects objects;
};

struct tenure__major_work {
    struct tenure__major_request asked;
    struct tenure__findings *findings;
    struct tenure__unreached before, now;
    bool before_is_sure;
    struct tenure__kernel_words kernel_words;
    struct tenure__ranges present; /* mappings that the walker may not have */
    struct tenure__roots named;
    struct tenure__stopped stopped;
};

/* Was every thread looked at, its registers included? */
static inline bool tenure__major_is_sure(const struct tenure__stopped *stopped)
{
    return stopped->unstopped == 0 && stopped->method != TENURE__STOP_NONE;
}

/* The body of the walker; work is a struct tenure__major_work. */
int tenure__major_walk(void *work);

#endif
