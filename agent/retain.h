/*
 * Who holds the blocks of a site: the way from a root to them.
 *
 * For each of the sites worth asking about (those with blocks of more than
 * one generation first, then by bytes) some blocks of the newest cohort are
 * followed back over what reached them first, which is a shortest way. Each
 * block on the way has a vote from every one of them; the way printed leads
 * through the nearest block that holds at least nine tenths of the cohort
 * (the container), or else through the one that holds most. Blocks of one
 * site in a row are one step, for a list is one container.
 *
 * In the walker, after the mark. Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_RETAIN_H
#define TENURE_AGENT_RETAIN_H

#include "agent/format/format.h"
#include "agent/mark.h"
#include "agent/roots.h"

/* Sites that are asked about. Beyond: the smallest have no way. */
#define TENURE_RETAIN_SITES 256u
/* Blocks of a cohort that are followed back. Beyond: they do not vote. */
#define TENURE_RETAIN_SAMPLES 256u
/* Steps of a way that are kept, nearest to the root first. */
#define TENURE_RETAIN_STEPS 24u

#define TENURE_RETAINERS_MAX (TENURE_RETAIN_SITES * (TENURE_RETAIN_STEPS + 1))

struct tenure__retain {
    struct tenure_retainer *retainer; /* by site, then step */
    uint32_t count;
    struct tenure__retaining *making; /* between the two calls below */
};

/* Finds the ways but for their roots. `generation`: younger blocks are left
 * out; `sites`: numbers are below. 0 or -ENOMEM. */
int tenure__retain_find(struct tenure__retain *retain,
                        struct tenure__mark *mark,
                        const struct tenure__mark_source *source,
                        uint32_t generation, uint32_t sites);

/* Then every root once more, and the ways are complete. The visit has the
 * form of tenure__root_visit, with a struct tenure__retain. */
void tenure__retain_root(const struct tenure__root *root, const uint64_t *word,
                         size_t count, uint64_t address, void *with);
void tenure__retain_end(struct tenure__retain *retain);

#endif
