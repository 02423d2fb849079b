/*
 * Gives back the side metadata of heap that is gone.
 *
 * A page of slots without a block, whose heap was unmapped or trimmed, is of
 * no use until heap comes back there. Threads go on meanwhile; release.c says
 * why nothing of theirs is lost or left over. Where the kernel cannot do what
 * it takes (mremap's MREMAP_DONTUNMAP, membarrier), nothing is released.
 * Helper thread only.
 */
#ifndef TENURE_AGENT_RELEASE_H
#define TENURE_AGENT_RELEASE_H

#include <stdint.h>

void tenure__release(void);

/* The same if blocks of many bytes died since the last time, or the last
 * time found that their heap was still there; never so often that it would
 * take a hundredth of a processor. To be called every few seconds. */
void tenure__release_now_and_then(uint64_t freed_bytes);

/* In a forked child: ends what the parent's helper was about. */
void tenure__release_after_fork(void);

/* Deaths that only the helper came to know, since the fork. */
void tenure__release_deaths(uint64_t *blocks, uint64_t *bytes);

/* Used in unit tests: how many slots had to be put back so far. */
uint64_t tenure__release_put_back(void);

#endif
