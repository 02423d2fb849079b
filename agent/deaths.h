/*
 * The ordinary death of a block, short enough to stand in the hook of free().
 *
 * Ordinary is a block of the calling thread's agent that was tracked, that
 * realloc never resized, in exact mode. Async-signal-safe; no guard is
 * needed, since a handler that interrupts this leaves the block alone.
 */
#ifndef TENURE_AGENT_DEATHS_H
#define TENURE_AGENT_DEATHS_H

#include "agent/blocks.h"
#include "agent/threads.h"

/* Forgets a block before the real free, in exact mode. False: nothing was
 * done, tenure__track_death() has to do it. */
static inline bool tenure__dies_at_once(const void *block)
{
    uint64_t address = (uint64_t)block;
    struct tenure__thread *thread = tenure__local.thread;
    if (tenure__unlikely(thread == NULL || tenure__blocks_odd()))
        return false;
    tenure__slot *slot = tenure__block_slot_plainly(address);
    if (tenure__unlikely(slot == NULL))
        return false;
    uint64_t value = __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED);
    uint64_t odd = (value ^ tenure__block_half(address)) &
                   (TENURE_SLOT_HALF | TENURE_SLOT_EXT);
    if (tenure__unlikely(value <= TENURE_SLOT_VACANT || odd != 0))
        return false;
    __atomic_store_n((uint64_t *)slot, 0, __ATOMIC_RELEASE);
    thread->counts.freed_blocks++;
    /* Each an instruction of its own: a handler may count in between. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread->counts.freed_bytes += value & TENURE_SLOT_SIZE_MAX;
    return true;
}

#endif
