/*
 * What every hook file needs: the marks of an interposed function and the
 * way to the real one.
 */
#ifndef TENURE_PRELOAD_HOOKS_H
#define TENURE_PRELOAD_HOOKS_H

#include "agent/track.h"
#include "preload/real.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define NOINLINE __attribute__((noinline))

/* Visible to the program, never inlined: its frame is where a walk starts. */
#define HOOK __attribute__((visibility("default"), noinline))

static inline uint32_t tracking(void)
{
    return __atomic_load_n(&tenure__tracking, __ATOMIC_RELAXED);
}

/* May the hook jump straight on to the real function? Yes while there is
 * nothing at all to report, and in sampled mode for a birth that
 * is none of the sample. (A malloc that then fails has been counted: the
 * totals of a sample are no tally.) */
static inline bool nothing_born(size_t bytes)
{
    uint32_t now = tracking();
    return now == TENURE_TRACK_READY ||
           (now & TENURE_TRACK_SAMPLED && tenure__is_unsampled(bytes));
}

/* Is all reported that there is to report of a death? Nothing while dormant
 * or of an unsampled block; of others in the ordinary case here. */
static inline bool dies_at_once(const void *block)
{
    uint32_t now = tracking();
    if (now == TENURE_TRACK_READY)
        return true;
    if (now == TENURE_TRACK_EXACT)
        return tenure__dies_at_once(block);
    return now & TENURE_TRACK_SAMPLED && !tenure__may_be_sampled(block);
}

/* For realloc: as a death and a birth. Of no bytes it is a free, or not. */
static inline bool nothing_resized(const void *old, size_t bytes)
{
    uint32_t now = tracking();
    return now == TENURE_TRACK_READY ||
           (now & TENURE_TRACK_SAMPLED && bytes > 0 &&
            (old == NULL || !tenure__may_be_sampled(old)) &&
            tenure__is_unsampled(bytes));
}

static inline const struct tenure__real *real(void)
{
    if (UNLIKELY(!(tracking() & TENURE_TRACK_READY)))
        tenure__real_find();
    return &tenure__real;
}

static inline bool births(void)
{
    return LIKELY(tracking() & TENURE_TRACK_BIRTHS);
}

static inline bool deaths(void)
{
    return LIKELY(tracking() & TENURE_TRACK_DEATHS);
}

/* Reports a birth with the state of the hook's caller; `block` may be NULL
 * (then nothing was born). A macro: the state is this function's. */
#define BORN(block, bytes)                                                     \
    do {                                                                       \
        if (births() && (block) != NULL)                                       \
            tenure__track_birth((block), (bytes), TENURE_START);               \
    } while (0)

/* Forgets a block before the real free: as soon as that has it, another
 * thread may be given the same address. */
static inline void dies(void *block)
{
    if (deaths() && block != NULL)
        tenure__track_death(block);
}

#endif
