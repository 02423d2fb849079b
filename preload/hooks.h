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

/* `tenure__tracking` or a real function has changed: the hooks of malloc() and
 * its like go another way. Not by two threads at once. */
void tenure__hooks_choose(void);

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
