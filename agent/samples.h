/*
 * Which sampled blocks are alive: a small table by hash of the address.
 *
 * One block in thousands is sampled, so the side metadata of blocks.h would
 * hold one slot on each of its pages. Here the samples of a region of
 * address space, 64 of them on average, share one page of entries, and what
 * spills over goes to the next; memory is a few KiB for each 32 MiB of heap
 * at 512 KiB a sample.
 *
 * An entry's value is a slot as in blocks.h. It is claimed from 0 to
 * TENURE_SLOT_VACANT, gets its key, then its value; whoever looks reads the
 * value before the key, and asks for a block that is his, so that nobody
 * else makes or ends it meanwhile. Keys stay when blocks die and are
 * written over by the next that claims the entry. Lock-free,
 * async-signal-safe.
 */
#ifndef TENURE_AGENT_SAMPLES_H
#define TENURE_AGENT_SAMPLES_H

#include "agent/blocks.h"

/* Is the table used for this mean distance? Below it, samples are so many
 * that the side metadata is as good. */
#define TENURE_SAMPLES_BYTES_MIN 65536u

/* Once, before the first birth. Blocks are found here from then on. */
int tenure__samples_open(uint64_t sample_bytes);

/* The slot of a living sample, or NULL. */
tenure__slot *tenure__samples_slot(uint64_t address);
/* The same or a vacant one; NULL: there is no room near its place. */
tenure__slot *tenure__samples_slot_new(uint64_t address);

/* As tenure__blocks_each. */
void tenure__samples_each(tenure__block_visit *visit, void *with,
                          _Atomic(uint64_t) *at_address);

#endif
