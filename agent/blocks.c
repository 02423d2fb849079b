/*
 * Side metadata of the live blocks; see blocks.h for the layout.
 *
 * Hooks set and clear slots inline; this file makes leaves when the heap
 * grows into a new region and walks all slots for the fold. The walk asks
 * the kernel which pages of a leaf were ever touched, so that a sparse heap
 * is not made resident by looking at it.
 */
#include "agent/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/samples.h"

struct tenure__blocks tenure__blocks;

static size_t leaf_bytes(void)
{
    return (TENURE_REGION_BYTES >> tenure__blocks.granule_shift) *
           sizeof(tenure__slot);
}

static bool two_steps(void)
{
    return tenure__blocks_flags() & TENURE_ODD_TWO_STEPS;
}

static size_t root_bytes(void)
{
    return (two_steps() ? TENURE_STEP_ENTRIES : TENURE_ROOT_ENTRIES) *
           sizeof(void *);
}

static void ***root_of(uint64_t plane)
{
    return two_steps() ? &tenure__blocks.steps[plane]
                       : &tenure__blocks.root[plane];
}

int tenure__blocks_open(uint32_t granule_shift, bool address_space_is_dear)
{
    tenure__blocks.granule_shift = granule_shift;
    tenure__blocks.half_mask = granule_shift == 5 ? 16 : 0;
    tenure__blocks.odd = address_space_is_dear ? TENURE_ODD_TWO_STEPS : 0;
    *root_of(0) = tenure__os_reserve(root_bytes());
    return *root_of(0) != NULL ? 0 : -ENOMEM;
}

/* What is at `place`, made if there is nothing; whoever comes second gives
 * his back. */
static void *get_or_make(void **place, size_t bytes, void *make(size_t bytes))
{
    void *present = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (present != NULL)
        return present;
    void *fresh = make(bytes);
    if (fresh == NULL || tenure__os_commit(place, sizeof *place) != 0)
        return NULL;
    if (__atomic_compare_exchange_n(place, &present, fresh, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return fresh;
    tenure__os_unmap(fresh, bytes);
    return present;
}

static tenure__slot *leaf_new(uint64_t address)
{
    uint64_t region = address >> TENURE_REGION_SHIFT;
    void **root = get_or_make((void **)root_of(address >> 3 & 1), root_bytes(),
                              tenure__os_reserve);
    if (root != NULL && two_steps()) {
        root = get_or_make(&root[region >> TENURE_STEP_BITS],
                           TENURE_STEP_ENTRIES * sizeof(void *),
                           tenure__os_reserve);
        region &= TENURE_STEP_ENTRIES - 1;
    }
    return root != NULL
               ? get_or_make(&root[region], leaf_bytes(), tenure__os_map)
               : NULL;
}

tenure__slot *tenure__block_slot_new(uint64_t address)
{
    if (address >> TENURE_ADDRESS_BITS)
        return NULL;
    if (tenure__blocks_flags() & TENURE_ODD_SAMPLES)
        return tenure__samples_slot_new(address);
    tenure__slot *leaf = leaf_new(address);
    return leaf != NULL ? tenure__slot_in(leaf, address) : NULL;
}

tenure__slot *tenure__block_slot_oddly(uint64_t address)
{
    if (address >> TENURE_ADDRESS_BITS)
        return NULL;
    if (tenure__blocks_flags() & TENURE_ODD_SAMPLES)
        return tenure__samples_slot(address);
    if (!two_steps())
        return tenure__block_slot_plainly(address);
    void **root = tenure__blocks.steps[address >> 3 & 1];
    uint64_t region = address >> TENURE_REGION_SHIFT;
    if (root != NULL)
        root = __atomic_load_n(&root[region >> TENURE_STEP_BITS],
                               __ATOMIC_ACQUIRE);
    tenure__slot *leaf =
        root != NULL
            ? __atomic_load_n(&root[region & (TENURE_STEP_ENTRIES - 1)],
                              __ATOMIC_ACQUIRE)
            : NULL;
    return leaf != NULL ? tenure__slot_in(leaf, address) : NULL;
}

/* While pages of slots are moved, a death leaves a mark (release.c). */
static uint64_t take_while_releasing(tenure__slot *slot, uint64_t address)
{
    uint64_t half = tenure__block_half(address);
    uint64_t value = __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED);
    if (value > TENURE_SLOT_VACANT && (value & TENURE_SLOT_HALF) != half)
        return 0;
    value = __atomic_exchange_n((uint64_t *)slot, TENURE_SLOT_VACANT,
                                __ATOMIC_ACQ_REL);
    return value > TENURE_SLOT_VACANT && (value & TENURE_SLOT_HALF) == half
               ? value
               : 0;
}

uint64_t tenure__block_take_oddly(uint64_t address)
{
    uint32_t odd = __atomic_load_n(&tenure__blocks.odd, __ATOMIC_ACQUIRE);
    tenure__slot *slot = tenure__block_slot_oddly(address);
    if (slot == NULL)
        return 0;
    if (odd & TENURE_ODD_RELEASING)
        return take_while_releasing(slot, address);
    uint64_t value = __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED);
    if (value <= TENURE_SLOT_VACANT ||
        (value & TENURE_SLOT_HALF) != tenure__block_half(address))
        return 0;
    __atomic_store_n((uint64_t *)slot, 0, __ATOMIC_RELEASE);
    return value;
}

/* Below are no heaps, but most numbers that are no addresses. */
#define LOWEST (1u << 20)

bool tenure__blocks_near(uint64_t address)
{
    if (tenure__blocks_flags() & TENURE_ODD_SAMPLES)
        return address >= LOWEST && address >> TENURE_ADDRESS_BITS == 0;
    return tenure__block_slot(address) != NULL;
}

/* ---- walking ----------------------------------------------------------- */

#define PAGES_AT_ONCE 512

/* Which pages of a range exist, from /proc/self/pagemap: bit 63 present,
 * bit 62 swapped. Without it (fd < 0) all are taken to. */
static void read_pagemap(int fd, uint64_t address, uint64_t page_bytes,
                         uint64_t *entries, size_t count)
{
    size_t bytes = count * sizeof *entries;
    long got = fd < 0 ? -1
                      : tenure__syscall4(SYS_pread64, fd, entries, bytes,
                                         address / page_bytes * 8);
    if (got != (long)bytes)
        memset(entries, 0xff, bytes);
}

static bool page_exists(uint64_t entry)
{
    return entry >> 62 != 0;
}

typedef void visit_page(uint64_t page, uint64_t page_bytes, uint64_t first,
                        void *with);

/* Visits the touched pages of [start, start + bytes). `first` is the
 * page's offset from start. */
static void each_page(int fd, uint64_t start, uint64_t bytes, visit_page *visit,
                      void *with)
{
    uint64_t page_bytes = tenure__os_page_bytes();
    uint64_t entries[PAGES_AT_ONCE];
    uint64_t pages = bytes / page_bytes;
    for (uint64_t done = 0; done < pages; done += PAGES_AT_ONCE) {
        size_t count = pages - done < PAGES_AT_ONCE ? (size_t)(pages - done)
                                                    : PAGES_AT_ONCE;
        read_pagemap(fd, start + done * page_bytes, page_bytes, entries, count);
        for (size_t i = 0; i < count; i++)
            if (page_exists(entries[i]))
                visit(start + (done + i) * page_bytes, page_bytes,
                      (done + i) * page_bytes, with);
    }
}

static int open_pagemap(void)
{
    return (int)tenure__syscall4(SYS_openat, AT_FDCWD, "/proc/self/pagemap",
                                 O_RDONLY | O_CLOEXEC, 0);
}

struct walk {
    visit_page *visit_page;
    tenure__block_visit *visit;
    tenure__slot_page_visit *each;
    void *with;
    _Atomic(uint64_t) *at_address;
    uint64_t first_region; /* of the table of leaves */
    uint64_t region;       /* address that the leaf describes */
    uint64_t plane;
    int pagemap;
};

static void visit_slots(uint64_t page, uint64_t page_bytes, uint64_t first,
                        void *with)
{
    struct walk *walk = with;
    tenure__slot *slots = (tenure__slot *)page;
    uint32_t shift = tenure__blocks.granule_shift;
    uint64_t count = page_bytes / sizeof *slots;
    uint64_t base =
        walk->region + (first / sizeof *slots << shift) + 8 * walk->plane;
    if (walk->at_address != NULL)
        __atomic_store_n((uint64_t *)walk->at_address, base, __ATOMIC_RELAXED);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value =
            __atomic_load_n((uint64_t *)&slots[i], __ATOMIC_RELAXED);
        if (value <= TENURE_SLOT_VACANT)
            continue;
        uint64_t half = value & TENURE_SLOT_HALF ? 16 : 0;
        walk->visit(base + (i << shift) + half, &slots[i], value, walk->with);
    }
}

/* One page of a table of leaves, or NULLs. `first` is its offset. */
static void visit_leaves(uint64_t page, uint64_t page_bytes, uint64_t first,
                         void *with)
{
    struct walk *walk = with;
    void **entries = (void **)page;
    for (uint64_t i = 0; i < page_bytes / sizeof *entries; i++) {
        void *leaf = __atomic_load_n(&entries[i], __ATOMIC_ACQUIRE);
        if (leaf == NULL)
            continue;
        walk->region = (walk->first_region + first / sizeof *entries + i)
                       << TENURE_REGION_SHIFT;
        each_page(walk->pagemap, (uint64_t)leaf, leaf_bytes(), walk->visit_page,
                  walk);
    }
}

/* The tables of leaves of one plane, in ascending order of address. */
static void each_table(struct walk *walk, void **root)
{
    if (!two_steps()) {
        walk->first_region = 0;
        each_page(walk->pagemap, (uint64_t)root, root_bytes(), visit_leaves,
                  walk);
        return;
    }
    for (uint64_t i = 0; i < TENURE_STEP_ENTRIES; i++) {
        void *table = __atomic_load_n(&root[i], __ATOMIC_ACQUIRE);
        walk->first_region = i << TENURE_STEP_BITS;
        if (table != NULL)
            each_page(walk->pagemap, (uint64_t)table,
                      TENURE_STEP_ENTRIES * sizeof(void *), visit_leaves, walk);
    }
}

static void each_plane(struct walk *walk)
{
    walk->pagemap = open_pagemap();
    for (walk->plane = 0; walk->plane < 2; walk->plane++)
        if (*root_of(walk->plane) != NULL)
            each_table(walk, *root_of(walk->plane));
    if (walk->pagemap >= 0)
        tenure__syscall1(SYS_close, walk->pagemap);
}

void tenure__blocks_each(tenure__block_visit *visit, void *with,
                         _Atomic(uint64_t) *at_address)
{
    struct walk walk = {.visit_page = visit_slots,
                        .visit = visit,
                        .with = with,
                        .at_address = at_address};
    if (tenure__blocks_flags() & TENURE_ODD_SAMPLES)
        tenure__samples_each(visit, with, at_address);
    else
        each_plane(&walk);
    if (at_address != NULL)
        __atomic_store_n((uint64_t *)at_address, UINT64_MAX, __ATOMIC_RELAXED);
}

static void visit_whole(uint64_t page, uint64_t page_bytes, uint64_t first,
                        void *with)
{
    struct walk *walk = with;
    uint32_t shift = tenure__blocks.granule_shift;
    struct tenure__slot_page slots = {
        .at = page,
        .bytes = page_bytes,
        .heap_start = walk->region + (first / sizeof(tenure__slot) << shift),
        .heap_bytes = page_bytes / sizeof(tenure__slot) << shift};
    walk->each(&slots, walk->with);
}

void tenure__blocks_each_page(tenure__slot_page_visit *visit, void *with)
{
    struct walk walk = {.visit_page = visit_whole, .each = visit, .with = with};
    each_plane(&walk);
}
