/*
 * First words of blocks, counted by site, generation and word.
 *
 * In come the live blocks of the walker's image and the table of modules;
 * rows of the snapshot file leave. They are gathered in a hash table that
 * is twice as large as the rows may become and costs nothing until used.
 */
#include "agent/classes.h"

#include "agent/limits.h"
#include "agent/modules.h"
#include "agent/os.h"

#define AHEAD 16u
#define SLOTS (2u * TENURE_TYPE_ROWS_MAX)

struct place {
    uint64_t start, end;
    uint32_t module;
};

struct classing {
    struct place *place; /* by start */
    uint32_t place_count;
    const struct place *last; /* found, for the next to be tried first */
    struct tenure_type *slot; /* hash table; blocks 0: free */
    uint32_t count, generation;
    /* Blocks whose first word is being fetched. */
    struct tenure__mark_block coming[AHEAD];
    uint32_t arrived;
};

/* By insertion: the loader tells modules mostly in order. */
static void add_place(struct classing *classing, const struct place *place)
{
    uint32_t at = classing->place_count++;
    for (; at > 0 && classing->place[at - 1].start > place->start; at--)
        classing->place[at] = classing->place[at - 1];
    classing->place[at] = *place;
}

static bool find_places(struct classing *classing)
{
    uint32_t count = tenure__modules_count();
    classing->place =
        tenure__os_map(TENURE_MODULES_LIVE_MAX * sizeof *classing->place);
    if (classing->place == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct tenure__module *module = tenure__module_at(i);
        struct place place = {module->start, module->end, i};
        if (module->unload_epoch == 0 &&
            classing->place_count < TENURE_MODULES_LIVE_MAX)
            add_place(classing, &place);
    }
    classing->last = classing->place;
    return classing->place_count > 0;
}

static bool is_in(const struct place *place, uint64_t address)
{
    return address >= place->start && address < place->end;
}

/* The module around an address, or NULL. */
static const struct place *place_of(struct classing *classing, uint64_t address)
{
    uint32_t low = 0, high = classing->place_count;
    if (is_in(classing->last, address))
        return classing->last;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (classing->place[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !is_in(&classing->place[low - 1], address))
        return NULL;
    return classing->last = &classing->place[low - 1];
}

static struct tenure_type *slot_of(const struct classing *classing,
                                   const struct tenure__mark_block *block,
                                   uint64_t word)
{
    uint64_t key = ((uint64_t)block->site << 32 | block->generation) ^
                   word * 0xd6e8feb86659fd93u;
    uint32_t at = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (SLOTS - 1);
    struct tenure_type *slot = &classing->slot[at];
    while (slot->blocks != 0 &&
           (slot->site != block->site || slot->vtable != word ||
            slot->generation != block->generation)) {
        at = (at + 1) & (SLOTS - 1);
        slot = &classing->slot[at];
    }
    return slot;
}

static void count_block(struct classing *classing,
                        const struct tenure__mark_block *block)
{
    uint64_t word = *(const uint64_t *)block->address;
    if (word % 8 != 0)
        return;
    const struct place *place = place_of(classing, word);
    if (place == NULL)
        return;
    struct tenure_type *slot = slot_of(classing, block, word);
    if (slot->blocks == 0) {
        if (classing->count == TENURE_TYPE_ROWS_MAX)
            return;
        classing->count++;
        *slot = (struct tenure_type){.site = block->site,
                                     .generation = block->generation,
                                     .vtable = word,
                                     .module = place->module};
    }
    slot->blocks++;
    slot->bytes += block->bytes;
}

static void meet_block(const struct tenure__mark_block *block, void *with)
{
    struct classing *classing = with;
    if (block->bytes < 8 || block->generation > classing->generation)
        return;
    __builtin_prefetch((const void *)block->address);
    uint32_t at = classing->arrived++ % AHEAD;
    if (classing->arrived > AHEAD)
        count_block(classing, &classing->coming[at]);
    classing->coming[at] = *block;
}

static void count_blocks(struct classing *classing,
                         const struct tenure__mark_source *source)
{
    source->each(source->self, meet_block, classing);
    uint32_t left = classing->arrived < AHEAD ? classing->arrived : AHEAD;
    for (uint32_t i = 0; i < left; i++)
        count_block(classing, &classing->coming[i]);
}

static bool is_before(const struct tenure_type *a, const struct tenure_type *b)
{
    if (a->site != b->site)
        return a->site < b->site;
    if (a->generation != b->generation)
        return a->generation < b->generation;
    return a->vtable < b->vtable;
}

static void sift_down(struct tenure_type *row, uint32_t at, uint32_t count)
{
    struct tenure_type moving = row[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(&row[child], &row[child + 1]))
            child++;
        if (!is_before(&moving, &row[child]))
            break;
        row[at] = row[child];
    }
    row[at] = moving;
}

static void sort(struct tenure_type *row, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(row, i, count);
    for (uint32_t last = count; last-- > 1;) {
        struct tenure_type moving = row[0];
        row[0] = row[last];
        row[last] = moving;
        sift_down(row, 0, last);
    }
}

uint32_t tenure__classes_find(const struct tenure__mark_source *source,
                              uint32_t generation, struct tenure_type *row)
{
    struct classing classing = {.generation = generation};
    uint32_t count = 0;
    if (find_places(&classing))
        classing.slot = tenure__os_map(SLOTS * sizeof *classing.slot);
    if (classing.slot != NULL) {
        count_blocks(&classing, source);
        for (uint32_t i = 0; i < SLOTS && count < classing.count; i++)
            if (classing.slot[i].blocks != 0)
                row[count++] = classing.slot[i];
        sort(row, count);
        tenure__os_unmap(classing.slot, SLOTS * sizeof *classing.slot);
    }
    if (classing.place != NULL)
        tenure__os_unmap(classing.place,
                         TENURE_MODULES_LIVE_MAX * sizeof *classing.place);
    return count;
}
