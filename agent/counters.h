/*
 * Rare events of the whole process, by value key of the snapshot: what the
 * agent could not do. Shared, so only for the slow path; the hot path counts
 * in its thread's record. Async-signal-safe.
 */
#ifndef TENURE_AGENT_COUNTERS_H
#define TENURE_AGENT_COUNTERS_H

#include <stdint.h>

#include "agent/format/format.h"

extern uint64_t tenure__counter[256]; /* by enum tenure_value_key */

static inline void tenure__count(enum tenure_value_key key)
{
    __atomic_fetch_add(&tenure__counter[key], 1, __ATOMIC_RELAXED);
}

#endif
