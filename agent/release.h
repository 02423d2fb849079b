/*
 * Gives back the side metadata of heap that is gone.
 *
 * A page of empty slots whose heap pages were unmapped or trimmed is of no
 * use until heap comes back there. Threads go on meanwhile, so a page is not
 * simply dropped: it is moved away in one step (MREMAP_DONTUNMAP), which
 * leaves fresh zeros in its place, and looked at once more; what a thread
 * wrote into it in the last moment is put back. Where the kernel cannot do
 * that (before 5.7), nothing is released. Helper thread only.
 */
#ifndef TENURE_AGENT_RELEASE_H
#define TENURE_AGENT_RELEASE_H

void tenure__release(void);

#endif
