/*
 * Builds the block index in one pass over the live blocks, or two.
 *
 * The first sets the start bits and appends each block; a sweep over the
 * touched cells then counts what starts before each. Where the source was
 * not sorted, which shows, a second pass puts each block in its place.
 */
#include "agent/mark_index.h"

#include <errno.h>
#include <sys/mman.h>

#include "agent/os.h"

#define GIBS (1u << 18) /* of 48 bits of address */
#define CELLS_OF_GIB (1u << 21)
#define CELLS_OF_REGION (1u << 15) /* 16 MiB */
#define TOUCHED_WORDS ((1u << 24) / 64)

static void *map(size_t count, size_t bytes)
{
    return tenure__os_map_large(count * bytes);
}

static void unmap(void *memory, size_t count, size_t bytes)
{
    if (memory != NULL)
        tenure__os_unmap(memory, count * bytes);
}

void tenure__index_drop(struct tenure__index *index)
{
    for (uint32_t gib = 0; index->gib != NULL && gib < GIBS; gib++)
        unmap(index->gib[gib], CELLS_OF_GIB, sizeof **index->gib);
    unmap(index->gib, GIBS, sizeof *index->gib);
    unmap(index->touched, TOUCHED_WORDS, sizeof *index->touched);
    unmap(index->block, index->capacity, sizeof *index->block);
    unmap(index->generation, index->capacity, sizeof *index->generation);
    unmap(index->big, TENURE_MARK_BIG_MAX, sizeof *index->big);
    *index = (struct tenure__index){0};
}

#define BLOCKS_FIRST (1u << 20)

struct building {
    struct tenure__index *index;
    uint64_t count;
    uint64_t last; /* address seen */
    bool mixed;    /* they did not come by address */
    int error;
};

static struct tenure__cell *cell_of(struct tenure__index *index,
                                    uint64_t address)
{
    struct tenure__cell **gib = &index->gib[address >> 30];
    if (tenure__unlikely(*gib == NULL))
        *gib = map(CELLS_OF_GIB, sizeof **gib);
    return *gib != NULL ? &(*gib)[address >> 9 & (CELLS_OF_GIB - 1)] : NULL;
}

static uint64_t units_of(uint64_t bytes)
{
    return bytes == 0 ? 1 : (bytes + 7) / 8;
}

static void put_block(struct building *building, uint32_t number,
                      const struct tenure__mark_block *block)
{
    struct tenure__index *index = building->index;
    uint64_t bytes = units_of(block->bytes) * 8, units = bytes / 8;
    if (units >= TENURE__UNITS_BIG) {
        if (index->big_count == TENURE_MARK_BIG_MAX) {
            building->error = -E2BIG;
            return;
        }
        index->big[index->big_count++] =
            (struct tenure__big_block){block->address, bytes};
        units = TENURE__UNITS_BIG;
    }
    index->block[number] = (struct tenure__entry){
        .word = block->address >> 3 << 19 | units << 4,
        .site = block->site & 0xffffff,
        .slack = (uint32_t)(bytes - block->bytes) & 15,
        .is_root = block->is_root,
        .is_resized = block->is_resized,
    };
    index->generation[number] = block->generation;
}

/* Moves an array to twice the room: the kernel moves pages, not bytes. */
static void *grow(void *old, size_t count, size_t more, size_t bytes)
{
    void *fresh = map(more, bytes);
    if (fresh == NULL || old == NULL)
        return fresh;
    long moved = tenure__syscall5(SYS_mremap, old, count * bytes, count * bytes,
                                  MREMAP_MAYMOVE | MREMAP_FIXED, fresh);
    tenure__os_not_mine((uint64_t)old, count * bytes);
    return moved == (long)fresh ? fresh : NULL;
}

static bool make_room(struct building *building)
{
    struct tenure__index *index = building->index;
    uint64_t more = index->capacity * 2ull;
    if (more > TENURE_MARK_BLOCKS_MAX)
        more = TENURE_MARK_BLOCKS_MAX;
    building->error = more == index->capacity ? -E2BIG : -ENOMEM;
    if (more == index->capacity)
        return false;
    index->block =
        grow(index->block, index->capacity, more, sizeof *index->block);
    index->generation = grow(index->generation, index->capacity, more,
                             sizeof *index->generation);
    index->capacity = (uint32_t)more;
    if (index->block == NULL || index->generation == NULL)
        return false;
    building->error = 0;
    return true;
}

/* The first pass: its number is right unless they come mixed. */
static void add_block(const struct tenure__mark_block *block, void *with)
{
    struct building *building = with;
    struct tenure__index *index = building->index;
    uint64_t address = block->address;
    uint64_t end = address + units_of(block->bytes) * 8;
    if (building->error != 0 ||
        (building->count == index->capacity && !make_room(building)))
        return;
    struct tenure__cell *cell = cell_of(index, address);
    if (cell == NULL) {
        building->error = -ENOMEM;
        return;
    }
    cell->starts |= 1ull << (address >> 3 & 63);
    index->touched[address >> 30] |= 1ull << (address >> 24 & 63);
    building->mixed |= address <= building->last;
    building->last = address;
    put_block(building, (uint32_t)building->count++, block);
    if (address < index->low)
        index->low = address;
    if (end + 8 > index->high) /* its end may count: is_empty_array */
        index->high = end + 8;
}

/* The second pass, where it is wanted. */
static void place_block(const struct tenure__mark_block *block, void *with)
{
    struct building *building = with;
    struct tenure__index *index = building->index;
    put_block(building,
              tenure__cell_block(tenure__index_cell(index, block->address),
                                 block->address),
              block);
}

/* Turns start bits into numbers: counts what starts before each cell. */
static uint32_t number_cells(struct tenure__index *index)
{
    uint32_t before = 0;
    for (uint32_t gib = 0; gib < GIBS; gib++)
        for (uint64_t left = index->touched[gib]; left != 0; left &= left - 1) {
            uint32_t region = (uint32_t)__builtin_ctzll(left);
            struct tenure__cell *cell =
                &index->gib[gib][region * CELLS_OF_REGION];
            for (uint32_t i = 0; i < CELLS_OF_REGION; i++) {
                cell[i].before = before;
                before += tenure__count_bits(cell[i].starts);
            }
        }
    return before;
}

/* Few, and nearly sorted already. */
static void sort_big(struct tenure__index *index)
{
    for (uint32_t i = 1; i < index->big_count; i++) {
        struct tenure__big_block moving = index->big[i];
        uint32_t to = i;
        for (; to > 0 && index->big[to - 1].address > moving.address; to--)
            index->big[to] = index->big[to - 1];
        index->big[to] = moving;
    }
}

static int fill(struct building *building,
                const struct tenure__mark_source *source)
{
    struct tenure__index *index = building->index;
    source->each(source->self, add_block, building);
    if (building->error != 0)
        return building->error;
    index->count = number_cells(index);
    if (building->mixed) {
        index->big_count = 0;
        source->each(source->self, place_block, building);
    }
    sort_big(index);
    return building->error;
}

int tenure__index_build(struct tenure__index *index,
                        const struct tenure__mark_source *source)
{
    struct building building = {.index = index};
    *index = (struct tenure__index){.low = UINT64_MAX};
    index->gib = map(GIBS, sizeof *index->gib);
    index->touched = map(TOUCHED_WORDS, sizeof *index->touched);
    index->big = map(TENURE_MARK_BIG_MAX, sizeof *index->big);
    index->capacity = BLOCKS_FIRST;
    index->block = map(index->capacity, sizeof *index->block);
    index->generation = map(index->capacity, sizeof *index->generation);
    int error = -ENOMEM;
    if (index->gib != NULL && index->touched != NULL && index->big != NULL &&
        index->block != NULL && index->generation != NULL)
        error = fill(&building, source);
    if (index->low > index->high)
        index->low = index->high = 0;
    if (error != 0)
        tenure__index_drop(index);
    return error;
}

static void each_block(void *self, tenure__mark_visit *visit, void *with)
{
    const struct tenure__index *index = self;
    for (uint32_t i = 0; i < index->count; i++) {
        const struct tenure__entry *entry = &index->block[i];
        struct tenure__mark_block block = {
            .address = tenure__index_address(index, i),
            .bytes = tenure__index_bytes(index, i) - entry->slack,
            .site = entry->site,
            .generation = index->generation[i],
            .number = i,
            .is_root = entry->is_root,
            .is_resized = entry->is_resized,
        };
        visit(&block, with);
    }
}

struct tenure__mark_source
tenure__index_source(const struct tenure__index *index)
{
    return (struct tenure__mark_source){each_block, (void *)index};
}

/* The entry of the last big block that starts at or before the address. */
static const struct tenure__big_block *
big_before(const struct tenure__index *index, uint64_t address)
{
    uint32_t first = 0, last = index->big_count;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (index->big[middle].address <= address)
            first = middle + 1;
        else
            last = middle;
    }
    return first > 0 ? &index->big[first - 1] : NULL;
}

uint64_t tenure__index_big_bytes(const struct tenure__index *index,
                                 uint64_t address)
{
    return big_before(index, address)->bytes;
}

uint32_t tenure__index_find_big(const struct tenure__index *index,
                                uint64_t address)
{
    const struct tenure__big_block *big = big_before(index, address);
    if (big == NULL || address - big->address >= big->bytes)
        return TENURE__NO_BLOCK;
    return tenure__cell_block(tenure__index_cell(index, big->address),
                              big->address);
}

uint32_t tenure__index_find(const struct tenure__index *index, uint64_t address)
{
    if (!tenure__index_covers(index, address))
        return TENURE__NO_BLOCK;
    const struct tenure__cell *cell = tenure__index_cell(index, address);
    uint32_t block =
        cell != NULL ? tenure__cell_block(cell, address) : TENURE__NO_BLOCK;
    if (block == TENURE__NO_BLOCK)
        return tenure__index_find_big(index, address);
    uint64_t start = tenure__index_address(index, block);
    return address - start < tenure__index_bytes(index, block)
               ? block
               : TENURE__NO_BLOCK;
}
