/*
 * Pointers at odd addresses are made of two neighbouring words, tagged ones
 * of the lower bits of one.
 */
#include "agent/mark_odd.h"

#include "agent/mark_words.h"
#include "agent/os.h"
#include "agent/sort.h"

#define BLOCKS_PER_LOOK 4096u /* at the clock */

/* Without memory for it the edge is not told. */
static void note(struct tenure__mark *mark, uint32_t parent, uint32_t block)
{
    if (mark->odd == NULL)
        mark->odd =
            tenure__os_map((mark->index.count + 1ul) * sizeof *mark->odd);
    if (mark->odd != NULL)
        mark->odd[mark->odd_count++] = (uint64_t)(parent + 2) << 32 | block;
}

static void try_word(struct tenure__mark *mark, uint64_t word, uint32_t parent)
{
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(&mark->index, address)))
        return;
    uint32_t block = tenure__index_find(&mark->index, address);
    if (block != TENURE__NO_BLOCK &&
        tenure__index_address(&mark->index, block) == address &&
        (tenure__mark_flags(mark, block) & TENURE__BLOCK_REACHED) == 0) {
        tenure__mark_reach(mark, block, parent);
        note(mark, parent, block);
    }
}

#define ADDRESS_BITS 48

static void look_without_tags(struct tenure__mark *mark, const uint64_t *word,
                              uint64_t count, uint32_t parent)
{
    for (uint64_t i = 0; i < count; i++)
        if (word[i] >> ADDRESS_BITS != 0)
            try_word(mark,
                     word[i] << (64 - ADDRESS_BITS) >> (64 - ADDRESS_BITS),
                     parent);
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
                            size_t count, bool tagged_only)
{
    look_without_tags(mark, word, count, TENURE__PARENT_ROOT);
    if (!tagged_only)
        look_between(mark, word, count, TENURE__PARENT_ROOT);
}

static void look_in_blocks(struct tenure__mark *mark)
{
    uint64_t until =
        tenure__os_monotonic_ns() + TENURE_MARK_ODD_MS * 1000000ull;
    tenure__mark_run(mark);
    for (uint32_t i = 0; i < mark->tail && mark->tail < mark->index.count;
         i++) {
        uint32_t block = mark->list[i], reached = mark->tail;
        struct tenure__words words = tenure__words_of(&mark->index, block);
        while (tenure__words_next(&mark->index, &words)) {
            look_without_tags(mark, words.word, words.count, block);
            look_between(mark, words.word, words.count, block);
        }
        if (mark->tail > reached)
            tenure__mark_run(mark);
        if (i % BLOCKS_PER_LOOK == 0 && tenure__os_monotonic_ns() >= until)
            return;
    }
}

void tenure__mark_odd_blocks(struct tenure__mark *mark)
{
    look_in_blocks(mark);
    tenure__sort(mark->odd, mark->odd_count);
}
