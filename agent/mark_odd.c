/*
 * Pointers at odd addresses, made of two neighbouring words.
 */
#include "agent/mark_odd.h"

#include "agent/os.h"

#define BLOCKS_PER_LOOK 4096u /* at the clock */

static void try_word(struct tenure__mark *mark, uint64_t word, uint32_t parent)
{
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(&mark->index, address)))
        return;
    uint32_t block = tenure__index_find(&mark->index, address);
    if (block != TENURE__NO_BLOCK &&
        tenure__index_address(&mark->index, block) == address &&
        (tenure__mark_flags(mark, block) & TENURE__BLOCK_REACHED) == 0)
        tenure__mark_reach(mark, block, parent);
}

static void look_between(struct tenure__mark *mark, const uint64_t *word,
                         uint64_t count, uint32_t parent)
{
    for (uint64_t i = 0; i + 1 < count; i++) {
        uint64_t low = word[i], high = word[i + 1];
        if ((low | high) == 0)
            continue;
        for (unsigned shift = 8; shift < 64; shift += 8)
            try_word(mark, low >> shift | high << (64 - shift), parent);
    }
}

void tenure__mark_odd_words(struct tenure__mark *mark, const uint64_t *word,
                            size_t count)
{
    look_between(mark, word, count, TENURE__PARENT_ROOT);
}

void tenure__mark_odd_blocks(struct tenure__mark *mark)
{
    uint64_t until =
        tenure__os_monotonic_ns() + TENURE_MARK_ODD_MS * 1000000ull;
    tenure__mark_run(mark);
    for (uint32_t i = 0; i < mark->tail && mark->tail < mark->index.count;
         i++) {
        uint32_t block = mark->list[i], reached = mark->tail;
        look_between(
            mark, (const uint64_t *)tenure__index_address(&mark->index, block),
            tenure__index_bytes(&mark->index, block) / 8, block);
        if (mark->tail > reached)
            tenure__mark_run(mark);
        if (i % BLOCKS_PER_LOOK == 0 && tenure__os_monotonic_ns() >= until)
            return;
    }
}
