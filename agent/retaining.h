/*
 * What the parts of retain.h share while ways are found. Internal to
 * retain*.c; one thread.
 */
#ifndef TENURE_AGENT_RETAINING_H
#define TENURE_AGENT_RETAINING_H

#include "agent/retain.h"

#define TENURE__RETAIN_VOTES (1u << 16) /* of one site; a power of two */
#define TENURE__RETAIN_CALLERS (1u << 16)
#define TENURE__RETAIN_JUMPS (1u << 16)
#define TENURE__RETAIN_REPEATS 3u      /* fewer do not show a chain */
#define TENURE__RETAIN_TOPS (1u << 17) /* twice all samples; the same */

/* The way of a sample, from the root. A step is a run of blocks of one type,
 * or one part of a loop of several: what passes the same types three times.
 * Twice is none, for a table may hold a table. */
struct tenure__retain_step {
    uint64_t type;     /* internal to retain_path.c */
    uint32_t first;    /* the block nearest to the root */
    uint32_t via;      /* the one nearest to the sample, */
    uint32_t onto;     /* which points to this one */
    uint32_t run, now; /* its blocks in a row: most, and last */
    uint32_t rounds;   /* how often the way came here */
};

struct tenure__retain_path {
    struct tenure__retain_step step[TENURE_RETAIN_STEPS];
    uint32_t steps;
    uint32_t held; /* first of the sample's own run */
    uint32_t top;  /* what a root points to: the first step, or `held` */
};

/* A call of malloc, or several frames of it. */
struct tenure__retain_caller {
    uint64_t key;
    uint64_t size; /* of blocks that it has made */
    bool sizes_differ;
};

struct tenure__retain_site {
    uint64_t bytes;
    uint64_t size;   /* of its first block */
    uint32_t family; /* number of those that make blocks of one type */
    bool sizes_differ;
    uint32_t blocks; /* reached */
    uint32_t oldest, newest;
    uint32_t chosen;  /* number among the chosen, from 1 */
    uint32_t entries; /* the first of those whose containers hold blocks of
                         this site directly, from 1 */
};

struct tenure__retain_chosen {
    uint32_t site, count;
    uint32_t sample[TENURE_RETAIN_SAMPLES];
    uint32_t entry;         /* site of what the container holds directly */
    uint32_t next_entry;    /* another with that entry, from 1 */
    uint64_t first, last;   /* global words that point to an entry */
    uint32_t module;        /* in which they are */
    uint32_t has_container; /* a block; else maybe a global */
    struct tenure_container container;
};

/* A block that a root points to. */
struct tenure__retain_top {
    uint32_t block;              /* + 1 */
    uint32_t into;               /* at which byte the root points */
    struct tenure_retainer root; /* kind 0: not found yet */
};

struct tenure__retaining {
    struct tenure__mark *mark;
    struct tenure__retain_site *site;
    uint32_t sites, generation;
    uint32_t chosen_count;
    uint64_t container_words; /* looked at so far */
    struct tenure__retain_chosen chosen[TENURE_RETAIN_SITES];
    struct {
        uint32_t block, count;
    } vote[TENURE__RETAIN_VOTES]; /* block + 1 */
    struct tenure__retain_top top[TENURE__RETAIN_TOPS];
    struct tenure__retain_caller caller[TENURE__RETAIN_CALLERS];
    uint32_t member[TENURE__RETAIN_CALLERS];
    struct {
        uint32_t from, to; /* from + 1 */
    } jump[TENURE__RETAIN_JUMPS];
    uint32_t jumps;
    uint64_t climbed; /* blocks, all samples together */
    struct tenure__retain_path path[TENURE_RETAIN_SAMPLES]; /* of one site */
    struct tenure_retainer out[TENURE_RETAINERS_MAX];
    struct tenure_container out_container[TENURE_RETAIN_SITES];
};

static inline uint32_t
tenure__retain_site_of(const struct tenure__retaining *making, uint32_t block)
{
    return making->mark->index.block[block].site;
}

static inline uint32_t tenure__retain_share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (uint32_t)(part * 10000 / whole) : 0;
}

/* retain.c */
uint32_t tenure__retain_votes(const struct tenure__retaining *making,
                              uint32_t block);

/* retain_families.c: once, when sites are counted. */
void tenure__retain_families(struct tenure__retaining *making);

/* retain_path.c: fills `path`, for each sample of the site. */
void tenure__retain_paths(struct tenure__retaining *making,
                          const struct tenure__retain_chosen *chosen);

/* retain_ways.c: the place of a top; its block is 0 if it is none. */
struct tenure__retain_top *tenure__retain_top(struct tenure__retaining *making,
                                              uint32_t block);

/* retain_container.c: in that order; votes and paths are those of the site. */
void tenure__retain_container(struct tenure__retaining *making,
                              struct tenure__retain_chosen *chosen);
void tenure__retain_global(struct tenure__retaining *making, uint32_t block,
                           uint32_t module, uint64_t address);
void tenure__retain_container_end(struct tenure__retaining *making,
                                  struct tenure__retain_chosen *chosen);

#endif
