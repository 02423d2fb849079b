/*
 * What is still reachable: a conservative tri-colour mark.
 *
 * White are the blocks that nothing has pointed to yet, grey those in the
 * work list, black those whose words have been looked at. Any aligned word
 * that points into a block counts. A pointer to its first byte, or tagged in
 * the low three bits, makes it reached; a pointer further inside does too,
 * but what is reached only over such pointers is `possible`, in Valgrind's
 * sense. The list is first in, first out, so that the way back from a block
 * (tenure__mark_parent) is a shortest one.
 *
 * One mark at a time, in one thread, in a process where nothing changes
 * meanwhile. Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_H
#define TENURE_AGENT_MARK_H

#include "agent/mark_index.h"
#include "agent/os.h"

enum { /* flags of a block in the index */
       TENURE__BLOCK_REACHED = 1,
       TENURE__BLOCK_POSSIBLE = 2, /* reached, over an interior pointer only */
       TENURE__BLOCK_WAITING = 4,  /* seen by an interior pointer; internal */
       TENURE__BLOCK_LOST = 8,     /* set by mark_lost.c */
};

#define TENURE__PARENT_ROOT (UINT32_MAX - 1)

struct tenure__mark_candidate {
    uint64_t word;
    uint32_t parent, block;
};

#define TENURE__MARK_AHEAD 32u

struct tenure__mark {
    struct tenure__index index;
    uint32_t *list; /* every block enters once */
    uint32_t head, tail;
    uint32_t fetched;  /* blocks of the list that are on their way */
    uint32_t *waiting; /* seen by an interior pointer, maybe unreached */
    uint32_t waiting_count;
    uint64_t *grey; /* a bit for each block, while they are sorted */
    bool possible;  /* second phase: over interior pointers */
    /* Blocks reached over a pointer at an odd address (mark_odd.h), sorted by
     * what holds it; NULL: none was looked for. */
    uint64_t *odd;
    uint32_t odd_count;
    /* Words on their way: the cell, then the block, is being fetched. */
    struct tenure__mark_candidate cell[TENURE__MARK_AHEAD];
    struct tenure__mark_candidate block[TENURE__MARK_AHEAD];
    uint64_t cells, blocks; /* ever put there */
};

/* Builds the index. 0 or a negative error; then there is nothing to drop. */
int tenure__mark_open(struct tenure__mark *mark,
                      const struct tenure__mark_source *source);

/* Root memory: whatever these words point to is reached. */
void tenure__mark_words(struct tenure__mark *mark, const uint64_t *word,
                        size_t count);

/* After the roots that should be the ways to what they lead to: follows them
 * before others come. Definite pointers only; the rest is for the run. */
void tenure__mark_follow(struct tenure__mark *mark);

/* After all roots: follows everything. Again, after tenure__mark_reach(). */
void tenure__mark_run(struct tenure__mark *mark);

/* An unreached block is reached after all. */
void tenure__mark_reach(struct tenure__mark *mark, uint32_t block,
                        uint32_t parent);

void tenure__mark_close(struct tenure__mark *mark);

static inline uint32_t tenure__mark_flags(const struct tenure__mark *mark,
                                          uint32_t block)
{
    return (uint32_t)mark->index.block[block].word & TENURE__BLOCK_FLAGS;
}

/* What first pointed to a reached block: a block or TENURE__PARENT_ROOT. */
static inline uint32_t tenure__mark_parent(const struct tenure__mark *mark,
                                           uint32_t block)
{
    return mark->index.block[block].parent;
}

enum tenure__pointer {
    TENURE__POINTS_NOWHERE,
    TENURE__POINTS_START,
    TENURE__POINTS_TAGGED,
    TENURE__POINTS_INSIDE
};

/* What a word says of a block: the one that its cell names for it. */
enum tenure__pointer tenure__mark_classify(const struct tenure__index *index,
                                           uint32_t block, uint64_t word);

/* Where in memory a word points to. */
static inline uint64_t tenure__mark_address(uint64_t word)
{
    return word & TENURE_POINTER_BITS;
}

#endif
