/*
 * Which blocks are alive: address-indexed side metadata.
 *
 * Two levels: root[address >> 24] -> a leaf of one 8-byte slot per granule,
 * 32 bytes of address where the next allocator is glibc (its chunks are at
 * least that far apart), 16 elsewhere. Blocks that start 8 bytes into a
 * 16-byte cell (the 8-byte classes of jemalloc and tcmalloc) have a second
 * plane of leaves. A slot is, from the low bit:
 *
 *   size 24 | ext 1 | half 1 | birth generation 14 | site 24
 *
 * `half`: the block starts in the upper half of its granule. `ext`: the size
 * field is the number of a record (records.h) that holds the size. 0 and
 * TENURE_SLOT_VACANT: no block.
 * Example: site 5, generation 3, 100 bytes, lower half:
 *   5 << 40 | 3 << 26 | 100 = 0x000005000c000064
 *
 * Whoever calls malloc or free owns the block at that moment, so plain
 * relaxed loads and stores do: no lock, no atomic read-modify-write. Only
 * the fold, which ages old generations, compares and swaps. Memory comes
 * from tenure__os_map as it is touched. Async-signal-safe.
 *
 * What is out of the ordinary (a root in two steps, a sample that is kept in
 * the table of samples.h) stands behind one flag word, so that the ordinary
 * way asks once.
 */
#ifndef TENURE_AGENT_BLOCKS_H
#define TENURE_AGENT_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"
#include "agent/os.h"

#define TENURE_REGION_SHIFT 24
#define TENURE_REGION_BYTES (1ull << TENURE_REGION_SHIFT)
#define TENURE_ROOT_ENTRIES (1ull << (TENURE_ADDRESS_BITS - 24))

#define TENURE_SLOT_SIZE_BITS 24
#define TENURE_SLOT_SIZE_MAX ((1u << TENURE_SLOT_SIZE_BITS) - 1)
#define TENURE_SLOT_EXT (1ull << 24)
#define TENURE_SLOT_HALF (1ull << 25)
#define TENURE_SLOT_GENERATION_SHIFT 26
#define TENURE_SLOT_GENERATION_MASK 0x3fffu
#define TENURE_SLOT_SITE_SHIFT 40
#define TENURE_SLOT_VACANT 1u /* as 0, to whoever looks for a block */

typedef _Atomic(uint64_t) tenure__slot;

/* A plane's root is one flat table of leaves (128 MiB of address space, of
 * which little is touched), or where RLIMIT_AS makes address space dear a
 * table of 4096 tables of 4096 leaves. */
struct tenure__blocks {
    void **root[2];         /* by plane; [1] comes when needed */
    void **steps[2];        /* in place of them: the dear kind */
    uint32_t granule_shift; /* 4 or 5 */
    uint32_t half_mask;     /* the address bit of TENURE_SLOT_HALF, or 0 */
    uint32_t odd;           /* TENURE_ODD_... */
};
#define TENURE_ODD_TWO_STEPS 1u /* the roots are `steps` */
#define TENURE_ODD_SAMPLES 2u   /* blocks are found in samples.h */
#define TENURE_ODD_RELEASING 4u /* see release.c */

extern
    __attribute__((visibility("hidden"))) struct tenure__blocks tenure__blocks;

#define TENURE_STEP_BITS 12
#define TENURE_STEP_ENTRIES (1u << TENURE_STEP_BITS)

/* granule_shift: 5 for glibc, 4 for any other allocator. */
int tenure__blocks_open(uint32_t granule_shift, bool address_space_is_dear);

static inline uint32_t tenure__slot_site(uint64_t slot)
{
    return (uint32_t)(slot >> TENURE_SLOT_SITE_SHIFT);
}

/* The full generation: the newest one not after `current` that has the
 * slot's 14 bits. */
static inline uint32_t tenure__slot_generation(uint64_t slot, uint32_t current)
{
    uint32_t low = (uint32_t)(slot >> TENURE_SLOT_GENERATION_SHIFT);
    return current - ((current - low) & TENURE_SLOT_GENERATION_MASK);
}

static inline uint64_t tenure__slot_make(uint32_t site, uint32_t generation,
                                         uint32_t size_or_record)
{
    return (uint64_t)site << TENURE_SLOT_SITE_SHIFT |
           (uint64_t)(generation & TENURE_SLOT_GENERATION_MASK)
               << TENURE_SLOT_GENERATION_SHIFT |
           size_or_record;
}

/* The slot of an address, made if it is missing; NULL: there is no memory
 * for it, or the address is out of range. */
tenure__slot *tenure__block_slot_new(uint64_t address);

/* May blocks lie near an address? Of a sample nobody knows. */
bool tenure__blocks_near(uint64_t address);

static inline uint64_t tenure__block_half(uint64_t address)
{
    return (address & tenure__blocks.half_mask) * (TENURE_SLOT_HALF / 16);
}

static inline tenure__slot *tenure__slot_in(tenure__slot *leaf,
                                            uint64_t address)
{
    return &leaf[(address & (TENURE_REGION_BYTES - 1)) >>
                 tenure__blocks.granule_shift];
}

/* tenure__block_slot() where something is odd. */
tenure__slot *tenure__block_slot_oddly(uint64_t address);

/* Acquire: read before any slot is, for release.c. */
static inline bool tenure__blocks_odd(void)
{
    return tenure__unlikely(
        __atomic_load_n(&tenure__blocks.odd, __ATOMIC_ACQUIRE) != 0);
}

/* The flags, for those who ask after one that stays as it is. */
static inline uint32_t tenure__blocks_flags(void)
{
    return __atomic_load_n(&tenure__blocks.odd, __ATOMIC_RELAXED);
}

/* The slot of an address by the flat root, whatever is odd otherwise; NULL:
 * there is none. */
static inline tenure__slot *tenure__block_slot_plainly(uint64_t address)
{
    if (tenure__unlikely(address >> TENURE_ADDRESS_BITS))
        return NULL;
    void **root = tenure__blocks.root[address >> 3 & 1];
    if (tenure__unlikely(root == NULL))
        return NULL;
    tenure__slot *leaf = __atomic_load_n(&root[address >> TENURE_REGION_SHIFT],
                                         __ATOMIC_ACQUIRE);
    if (tenure__unlikely(leaf == NULL))
        return NULL;
    return tenure__slot_in(leaf, address);
}

/* The slot of an address, or NULL if its leaf does not exist. */
static inline tenure__slot *tenure__block_slot(uint64_t address)
{
    if (tenure__blocks_odd())
        return tenure__block_slot_oddly(address);
    return tenure__block_slot_plainly(address);
}

uint64_t tenure__block_take_oddly(uint64_t address);

/* What is known of a block, which is forgotten; 0 = nothing. */
static inline uint64_t tenure__block_take(uint64_t address)
{
    if (tenure__blocks_odd())
        return tenure__block_take_oddly(address);
    tenure__slot *slot = tenure__block_slot_plainly(address);
    if (tenure__unlikely(slot == NULL))
        return 0;
    uint64_t value = __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED);
    if (tenure__unlikely(value <= TENURE_SLOT_VACANT ||
                         (value & TENURE_SLOT_HALF) !=
                             tenure__block_half(address)))
        return 0;
    __atomic_store_n((uint64_t *)slot, 0, __ATOMIC_RELEASE);
    return value;
}

/* Calls visit for each occupied slot of the regions that exist. The visitor
 * may compare and swap the slot. Threads may go on meanwhile. `at_slot`
 * (may be NULL) is kept up to date with the address being visited. */
typedef void tenure__block_visit(uint64_t address, tenure__slot *slot,
                                 uint64_t value, void *with);
void tenure__blocks_each(tenure__block_visit *visit, void *with,
                         _Atomic(uint64_t) *at_address);

/* Calls visit for each touched page of slots, with the range of heap that it
 * describes; both planes' pages describe the same heap. */
struct tenure__slot_page {
    uint64_t at, bytes; /* of the slots */
    uint64_t heap_start, heap_bytes;
};
typedef void tenure__slot_page_visit(const struct tenure__slot_page *page,
                                     void *with);
void tenure__blocks_each_page(tenure__slot_page_visit *visit, void *with);

#endif
