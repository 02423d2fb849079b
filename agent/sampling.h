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
 * realloc draws again: a block that has grown is kept with the probability of
 * its new size, as one that is new, and it is that size by which the fold
 * divides. Whatever was done to a block, it counts once on average. Only where
 * births went by unseen (a late start) one that is not of the sample does not
 * draw: it may be older than tracking.
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

extern __attribute__((visibility("hidden"))) uint64_t tenure__sample_bytes;

/* How many sampled blocks live in each page, by the low 16 bits of its
 * number: the free of an unsampled block is rejected by one load, and what
 * the heap of a service needs of these bytes stays in the cache. A count of
 * 255 stays: then blocks there are looked up in vain. */
#define TENURE_SAMPLE_PAGES 65536u
extern __attribute__((visibility("hidden")))
uint8_t tenure__sample_page[TENURE_SAMPLE_PAGES];

static inline uint8_t *tenure__sample_page_of(uint64_t address)
{
    return &tenure__sample_page[address >> 12 & (TENURE_SAMPLE_PAGES - 1)];
}

static inline bool tenure__may_be_sampled(const void *block)
{
    return __atomic_load_n(tenure__sample_page_of((uint64_t)block),
                           __ATOMIC_RELAXED) != 0;
}

/* In sampled mode: counts a birth that is none of the sample. False: it is,
 * or something else is due. No guard is needed, since a handler that
 * interrupts this counts as well. */
static inline bool tenure__is_unsampled(size_t bytes)
{
    struct tenure__thread *thread = tenure__local.thread;
    if (tenure__unlikely(thread == NULL) || thread->bytes_left < (int64_t)bytes)
        return false;
    thread->counts.allocated_blocks++;
    thread->bytes_left -= (int64_t)bytes;
    return true;
}

/* A sampled block is born at the address, or has died. */
void tenure__sample_note(uint64_t address);
void tenure__sample_forget(uint64_t address);

static inline bool tenure__sampling_on(void)
{
    return tenure__sample_bytes != 0;
}

/* sample_bytes: 0 = exact. every_bytes: a snapshot each time that much was
 * allocated, all threads together; 0 = none. `wake` is called then. */
void tenure__sampling_open(uint64_t sample_bytes, uint64_t every_bytes,
                           void (*wake)(void));

/* With which probability a block of so many bytes at its birth is taken; 1
 * in exact mode. 0 bytes are never taken and count as 1 here. */
double tenure__sample_probability(uint64_t bytes);

/* The thread's countdown has run out with a birth of `bytes`: starts the
 * next one. True if the birth is to be recorded. */
bool tenure__sampling_due(struct tenure__thread *thread, size_t bytes);

#endif
