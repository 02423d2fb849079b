/*
 * What the program says of its own memory: blocks that are no loss, and
 * regions that hold pointers where nobody would look.
 *
 * Lock-free; from any thread and from allocation hooks. A note on a block
 * goes with the block: (address, birth generation) names it.
 */
#ifndef TENURE_AGENT_ANNOTATE_H
#define TENURE_AGENT_ANNOTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"

/* The block that starts at the address, born in the generation. */
void tenure__ignore_block(uint64_t address, uint32_t generation);
/* The live block around an address, if there is one. */
void tenure__ignore_around(uint64_t address);
bool tenure__is_ignored(uint64_t address, uint32_t generation);

void tenure__region_add(uint64_t start, uint64_t bytes);
void tenure__region_remove(uint64_t start, uint64_t bytes);
void tenure__regions_each(void (*visit)(uint64_t start, uint64_t end,
                                        void *with),
                          void *with);

#endif
