/*
 * From any address to the block it points into, in constant time.
 *
 * Built anew for each mark, in the walker, from the live blocks in any
 * order: in one pass where that is by address, in two elsewhere. Blocks get
 * numbers 0 ... count - 1 by address. Each 512 bytes of address have a cell:
 * one bit for each 8 bytes that says whether a block starts there, and how many
 * blocks start before the cell. So the last block that starts at or before an
 * address is
 *
 *   before + number of start bits up to the address - 1
 *
 * however far away it starts. Cells are mapped for each GiB of address that
 * has a block, and touched for 16 MiB around each (512 KiB of cells).
 *
 * A block is one word and what has reached it:
 *
 *   address / 8 : 45 | units of 8 bytes, rounded up, at least 1 : 15 | flags :
 * 4
 *
 * One of 256 KiB and more has all its unit bits set and an entry in `big`.
 * Single-threaded. Memory comes from tenure__os_map.
 */
#ifndef TENURE_AGENT_MARK_INDEX_H
#define TENURE_AGENT_MARK_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/limits.h"

#define TENURE__NO_BLOCK UINT32_MAX

/* A live block as whoever knows it tells it. */
struct tenure__mark_block {
    uint64_t address, bytes;
    uint32_t site, generation;
    uint32_t number; /* only where the index tells it: tenure__index_source */
    bool is_root; /* alive whoever points to it: the loader's, ignored ones */
    bool is_resized; /* by realloc */
};
typedef void tenure__mark_visit(const struct tenure__mark_block *block,
                                void *with);

/* The live blocks: the same ones each time it is asked, all readable. */
struct tenure__mark_source {
    void (*each)(void *self, tenure__mark_visit *visit, void *with);
    void *self;
};

struct tenure__cell {
    uint64_t starts;
    uint32_t before;
    uint32_t reserved;
};

/* A block: looking it up and marking it is one miss. */
struct tenure__entry {
    uint64_t word;
    uint32_t parent;    /* what reached it first; mark.h */
    uint32_t site : 24; /* as in a slot, blocks.h */
    uint32_t slack : 4; /* units * 8 - bytes */
    uint32_t is_root : 1;
    uint32_t is_resized : 1;
    uint32_t unused : 2;
};
_Static_assert(sizeof(struct tenure__entry) == 16, "four to a cache line");

struct tenure__big_block {
    uint64_t address, bytes;
};

struct tenure__index {
    struct tenure__cell **gib; /* cells by address >> 30 */
    uint64_t *touched;         /* a bit for each 16 MiB */
    struct tenure__entry *block;
    uint32_t *generation; /* of birth, of each block */
    uint32_t count, capacity;
    uint64_t low, high;            /* no block outside */
    struct tenure__big_block *big; /* by address */
    uint32_t big_count;
    struct tenure__sparse *sparse; /* mark_words.h; NULL: all is read */
};

#define TENURE__BLOCK_FLAGS 15u
#define TENURE__UNITS_BIG 0x7fffu

/* 0, -ENOMEM or -E2BIG; then there is nothing to drop. Flags are 0. */
int tenure__index_build(struct tenure__index *index,
                        const struct tenure__mark_source *source);
void tenure__index_drop(struct tenure__index *index);

/* The same blocks, by address, as the index knows them, which is many times
 * faster than to ask where it had them from. */
struct tenure__mark_source
tenure__index_source(const struct tenure__index *index);

/* Number of bytes of a big block: by its address. */
uint64_t tenure__index_big_bytes(const struct tenure__index *index,
                                 uint64_t address);

/* The big block around an address that no cell knows, or NO_BLOCK. */
uint32_t tenure__index_find_big(const struct tenure__index *index,
                                uint64_t address);

static inline uint64_t tenure__index_address(const struct tenure__index *index,
                                             uint32_t block)
{
    return index->block[block].word >> 19 << 3;
}

/* Rounded up to 8. */
static inline uint64_t tenure__index_bytes(const struct tenure__index *index,
                                           uint32_t block)
{
    uint32_t units =
        (uint32_t)(index->block[block].word >> 4) & TENURE__UNITS_BIG;
    if (units == TENURE__UNITS_BIG)
        return tenure__index_big_bytes(index,
                                       tenure__index_address(index, block));
    return (uint64_t)units * 8;
}

static inline uint32_t tenure__count_bits(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(bits * 0x0101010101010101u >> 56);
}

static inline bool tenure__index_covers(const struct tenure__index *index,
                                        uint64_t address)
{
    return address - index->low < index->high - index->low;
}

/* pre: covers(address). NULL if its GiB has no block. */
static inline const struct tenure__cell *
tenure__index_cell(const struct tenure__index *index, uint64_t address)
{
    const struct tenure__cell *cells = index->gib[address >> 30];
    return cells != NULL ? &cells[address >> 9 & 0x1fffff] : NULL;
}

/* The last block that starts at or before the address; it may end before
 * it. NO_BLOCK: none in the cell's reach. */
static inline uint32_t tenure__cell_block(const struct tenure__cell *cell,
                                          uint64_t address)
{
    uint64_t upto = cell->starts & ~0ull >> (63 - (address >> 3 & 63));
    return cell->before + tenure__count_bits(upto) - 1;
}

/* The block around the address, or NO_BLOCK. */
uint32_t tenure__index_find(const struct tenure__index *index,
                            uint64_t address);

#endif
