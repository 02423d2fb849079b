/*
 * The blocks that realloc has resized, as records of the snapshot file,
 * sorted by their record id. Helper thread only.
 */
#ifndef TENURE_AGENT_GROWTHS_H
#define TENURE_AGENT_GROWTHS_H

#include <stddef.h>
#include <stdint.h>

#include "agent/format/format.h"

struct tenure__growths {
    struct tenure_growth *growth;
    size_t count;
};

/* 0 or -ENOMEM. */
int tenure__growths_gather(struct tenure__growths *growths,
                           uint32_t generation);
void tenure__growths_drop(struct tenure__growths *growths);

#endif
