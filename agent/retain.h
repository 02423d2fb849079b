/*
 * Who holds the blocks of a site: the ways from roots to them.
 *
 * For each of the sites worth asking about (those with blocks of more than
 * one generation first, then by bytes) some blocks of the newest cohort are
 * followed back over what reached them first, which is a shortest way, and
 * one from a stack only where there is no other. Each block on the way has a
 * vote from every one of them. Ways through blocks of the same types from the
 * same kind of root, of whichever thread, are one way; those that hold most
 * are kept.
 *
 * Blocks of one type in a row are one step, for a list is one container; what
 * comes back on the way is a loop, of which each part is a step once, if it
 * does so three times. Of one
 * type are blocks of one size from the same call of malloc, or in a wrapper
 * of it from the same call of that.
 *
 * The container of a site is the nearest block that holds at least nine
 * tenths of the cohort, or else the data of a module that does.
 *
 * In the walker, after the mark. Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_RETAIN_H
#define TENURE_AGENT_RETAIN_H

#include "agent/limits.h"
#include "agent/format/format.h"
#include "agent/mark.h"
#include "agent/roots.h"

/* Sites that are asked about. Beyond: the smallest have no way. */
#define TENURE_RETAIN_SITES 256u
/* Blocks of a cohort that are followed back. Beyond: they do not vote. */
#define TENURE_RETAIN_SAMPLES 256u
/* Steps of a way that are kept, nearest to the root first. */
#define TENURE_RETAIN_STEPS 24u
/* Blocks on all ways together. Beyond: their roots are not known. */
#define TENURE_RETAIN_CLIMB_MAX (1u << 23)
/* Ways of a site that are kept, and the share of the cohort, in 1/10000,
 * that all but the first must have. */
#define TENURE_RETAIN_WAYS 3u
#define TENURE_RETAIN_WAY_SHARE 500u
/* Words of a global root that are told apart. Beyond: their share goes to
 * the others. */
#define TENURE_RETAIN_ROOTS 8u
/* Words of containers that are looked at, all sites together. Beyond: the
 * container is left out. */
#define TENURE_RETAIN_CONTAINER_WORDS (1u << 23)

#define TENURE_RETAINERS_MAX                                                   \
    (TENURE_RETAIN_SITES * TENURE_RETAIN_WAYS *                                \
     (TENURE_RETAIN_STEPS + TENURE_RETAIN_ROOTS))

struct tenure__retain {
    struct tenure_retainer *retainer; /* by site, way, step */
    uint32_t count;
    struct tenure_container *container; /* by site, as in retainer */
    uint32_t container_count;
    struct tenure__retaining *making; /* between the two calls below */
};

/* Finds the ways but for their roots. `generation`: younger blocks are left
 * out; `sites`: numbers are below. 0 or -ENOMEM. */
int tenure__retain_find(struct tenure__retain *retain,
                        struct tenure__mark *mark, uint32_t generation,
                        uint32_t sites);

/* Then every root once more, and the ways are complete. The visit has the
 * form of tenure__root_visit, with a struct tenure__retain. */
void tenure__retain_root(const struct tenure__root *root, const uint64_t *word,
                         size_t count, uint64_t address, void *with);
void tenure__retain_end(struct tenure__retain *retain);

#endif
