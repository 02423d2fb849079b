/*
 * The ordinary birth of a block, short enough to stand in the hook of
 * malloc(): what is known of it before the real call, and after.
 *
 * Ordinary is a block of less than 16 MiB in exact mode on a stack that the
 * keyed memo knows. Async-signal-safe; no guard is needed, as nothing is
 * stored before all is known but what a nested birth may store likewise.
 */
#ifndef TENURE_AGENT_BIRTHS_H
#define TENURE_AGENT_BIRTHS_H

#include "agent/blocks.h"
#include "agent/generations.h"
#include "agent/revive.h"
#include "agent/threads.h"
#include "agent/unwind_fast.h"

/* Each an instruction of its own: a handler may count in between. */
static inline void tenure__birth_count(struct tenure__thread *thread,
                                       uint64_t bytes, uint64_t blocks)
{
    thread->counts.allocated_blocks += blocks;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread->counts.allocated_bytes += bytes;
}

/* Before the block is made: captures and counts. What it returns is for one
 * of the calls below; 0: nothing was done, tenure__track_birth_slowly() has to
 * do it all. */
static inline __attribute__((always_inline)) uint64_t
tenure__birth_begins(size_t bytes, const struct tenure__start *start)
{
    const struct tenure__local *local = &tenure__local;
    struct tenure__thread *thread = local->thread;
    if (tenure__unlikely(thread == NULL || local->unordinary != 0 ||
                         bytes >= TENURE_SLOT_SIZE_MAX ||
                         thread->counts.allocated_bytes + bytes >
                             thread->bytes_limit ||
                         tenure__revive_countdown > 0))
        return 0;
    struct tenure__unwinder *unwinder = tenure__thread_unwinder(thread);
    uint64_t site = tenure__unwind_fast(unwinder, start, thread->node, bytes);
    if (tenure__unlikely(site == 0))
        return 0;
    tenure__birth_count(thread, bytes, 1);
    if (tenure__unlikely(site & TENURE_KEYED_TRUNCATED))
        unwinder->counts.truncated++;
    return site << TENURE_SLOT_SITE_SHIFT | bytes;
}

/* The block is there. False: it has no slot yet, or one that is taken. */
static inline bool tenure__birth_ends(void *block, uint64_t begun)
{
    uint64_t address = (uint64_t)block;
    tenure__slot *slot = tenure__block_slot_plainly(address);
    if (tenure__unlikely(slot == NULL ||
                         __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED) >
                             TENURE_SLOT_VACANT))
        return false;
    uint64_t value = begun | tenure__block_half(address) |
                     tenure__slot_make(0, tenure__generation(), 0);
    __atomic_store_n((uint64_t *)slot, value, __ATOMIC_RELEASE);
    return true;
}

/* There is no block, or it is no ordinary one: uncounts. */
static inline void tenure__birth_undo(uint64_t begun)
{
    tenure__birth_count(tenure__local.thread, -(begun & TENURE_SLOT_SIZE_MAX),
                        -UINT64_C(1));
}

#endif
