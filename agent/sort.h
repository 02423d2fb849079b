/*
 * Sorting in place, without memory (heapsort), in what marks.
 */
#ifndef TENURE_AGENT_SORT_H
#define TENURE_AGENT_SORT_H

#include <stdint.h>

/* The smallest first. */
void tenure__sort(uint64_t *value, uint32_t count);

#endif
