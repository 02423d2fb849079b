/* The block index seen by address, for the search for roots. */
#ifndef TENURE_AGENT_ROOTS_INDEX_H
#define TENURE_AGENT_ROOTS_INDEX_H

#include "agent/mark_index.h"

/* The number of the first block that starts at or after an address. */
static inline uint32_t tenure__index_from(const struct tenure__index *index,
                                          uint64_t address)
{
    uint32_t first = 0, last = index->count;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (tenure__index_address(index, middle) < address)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

static inline bool tenure__index_has(const struct tenure__index *index,
                                     uint64_t start, uint64_t end)
{
    uint32_t block = tenure__index_from(index, start);
    return block < index->count && tenure__index_address(index, block) < end;
}

#endif
