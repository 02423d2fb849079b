/*
 * Memory that the service keeps from its children (MADV_DONTFORK), as V8
 * does with its heap: the walker does not have it either.
 *
 * The helper lists the mappings before the stop, the walker says which of
 * them it misses, and from the next time on the helper reads those itself,
 * before the stop. So memory that is new counts one snapshot late; a block
 * is lost only after two.
 */
#ifndef TENURE_AGENT_ROOTS_UNFORKED_H
#define TENURE_AGENT_ROOTS_UNFORKED_H

#include "agent/limits.h"
#include "agent/ranges.h"
#include "agent/roots_kernel.h"

struct tenure__unforked {
    uint32_t count;
    struct tenure__range range[TENURE_UNFORKED_MAX];
};

/* In the helper: the private anonymous mappings that there are. */
int tenure__unforked_list(struct tenure__ranges *present);

/* In the walker, before it maps anything: which of them are not here. */
void tenure__unforked_find(const struct tenure__ranges *present,
                           struct tenure__unforked *missing);

/* In the helper: adds the words in them that may point to blocks. */
void tenure__unforked_read(const struct tenure__unforked *missing,
                           struct tenure__kernel_words *words);

#endif
