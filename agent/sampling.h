/*
 * Which births are recorded: all of them, or in sampled mode one every
 * `sample` bytes on average.
 *
 * Sampling is Poisson over bytes (tcmalloc docs/sampling.md; jemalloc
 * PROFILING_INTERNALS.md): the distance to the next sample is exponential
 * with mean R, so a block of n bytes is taken with probability
 * 1 - exp(-n/R), whatever came before. The file holds what was taken; the
 * reporter divides each block by that probability before it sums.
 *
 * The same countdown wakes the slow path for snapshots by allocated bytes.
 * Per thread, lock-free, async-signal-safe.
 */
#ifndef TENURE_AGENT_SAMPLING_H
#define TENURE_AGENT_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/os.h"
#include "agent/threads.h"

extern __attribute__((visibility("hidden")))
uint64_t tenure__sample_bytes; /* 0 = exact */

static inline bool tenure__sampling_on(void)
{
    return tenure__unlikely(tenure__sample_bytes != 0);
}

/* sample_bytes: 0 = exact. every_bytes: a snapshot each time that much was
 * allocated, all threads together; 0 = none. `wake` is called then. */
void tenure__sampling_open(uint64_t sample_bytes, uint64_t every_bytes,
                           void (*wake)(void));

/* The thread's countdown has run out with a birth of `bytes`: starts the
 * next one. True if the birth is to be recorded. */
bool tenure__sampling_due(struct tenure__thread *thread, size_t bytes);

#endif
