/*
 * What the service itself has mapped with mmap, kept apart from blocks.
 *
 * An allocator's own mappings (the preload library tells them by their
 * caller, from the start of the process on) have site 0; reservations of
 * others without access (PROT_NONE), which hold no memory, are not entered.
 * Lock-free: an entry changes hands by compare-and-swap of its state. munmap
 * may cut a mapping anywhere. Async-signal-safe.
 */
#ifndef TENURE_AGENT_MAPPINGS_H
#define TENURE_AGENT_MAPPINGS_H

#include <stdint.h>

struct tenure__mapping {
    uint64_t start, end;
    uint32_t site, generation; /* 0: the allocator's */
};

void tenure__mapping_add(uint64_t start, uint64_t bytes, uint32_t site,
                         uint32_t generation);

/* Forgets [start, start + bytes). What the range held first goes to *first
 * (may be NULL; start = 0 if it held nothing), for mremap. */
void tenure__mapping_remove(uint64_t start, uint64_t bytes,
                            struct tenure__mapping *first);

void tenure__mappings_each(void (*visit)(const struct tenure__mapping *mapping,
                                         void *with),
                           void *with);

#endif
