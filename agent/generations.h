/*
 * The generation clock. A generation is the interval between two snapshots;
 * the first is 1. Births read it; only the snapshot writer advances it.
 */
#ifndef TENURE_AGENT_GENERATIONS_H
#define TENURE_AGENT_GENERATIONS_H

#include <stdint.h>

extern __attribute__((visibility("hidden"))) uint32_t tenure__generation_now;

static inline uint32_t tenure__generation(void)
{
    return __atomic_load_n(&tenure__generation_now, __ATOMIC_RELAXED);
}

#endif
