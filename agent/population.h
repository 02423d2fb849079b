/*
 * What the last fold saw, kept until the next one: from the difference come
 * the late frees (blocks that died after two or more generation ends), at no
 * cost to the hooks. Helper thread only.
 */
#ifndef TENURE_AGENT_POPULATION_H
#define TENURE_AGENT_POPULATION_H

#include <stdint.h>

#include "agent/fold.h"

struct tenure__population {
    struct tenure__rows before; /* of the last fold, sorted */
    struct tenure__rows late;   /* by site, cumulative; generation 0 */
};

/* Counts what died between the last fold and `now` (of `generation`). */
void tenure__population_age(struct tenure__population *population,
                            const struct tenure__rows *now,
                            uint32_t generation);

/* Takes `now` over as the last fold. */
void tenure__population_keep(struct tenure__population *population,
                             struct tenure__rows *now);

/* The late frees as records sorted by site; the caller drops them. */
void tenure__population_late(const struct tenure__population *population,
                             struct tenure__rows *sorted);

#endif
