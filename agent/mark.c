/*
 * The mark phase.
 *
 * Words come in from the roots and then from every block that is reached;
 * out go flags in the index. Nearly every step waits for memory, so a word
 * that may be a pointer goes through two short queues: in the first its cell
 * is being fetched, in the second its block.
 */
#include "agent/mark.h"

#include <errno.h>

#include "agent/mark_words.h"
#include "agent/os.h"

/* One in so many blocks grey: sorting them costs less than it saves. */
#define GREY_SHARE 1024u

#define HUGE_BYTES (16ull << 20)
#define SMALL_NUMBER 4096u
#define FETCH_BLOCKS 32u /* of the list, at once */

static uint32_t *map_numbers(const struct tenure__mark *mark)
{
    return tenure__os_map_large(((size_t)mark->index.count + 1) *
                                sizeof(uint32_t));
}

static void unmap_numbers(const struct tenure__mark *mark, uint32_t *numbers)
{
    if (numbers != NULL)
        tenure__os_unmap(numbers,
                         ((size_t)mark->index.count + 1) * sizeof *numbers);
}

static size_t grey_bytes(const struct tenure__mark *mark)
{
    return ((size_t)mark->index.count / 64 + 1) * sizeof *mark->grey;
}

void tenure__mark_close(struct tenure__mark *mark)
{
    unmap_numbers(mark, mark->list);
    unmap_numbers(mark, mark->waiting);
    if (mark->grey != NULL)
        tenure__os_unmap(mark->grey, grey_bytes(mark));
    if (mark->odd != NULL)
        tenure__os_unmap(mark->odd, (mark->index.count + 1ul) * 8);
    tenure__index_drop(&mark->index);
}

void tenure__mark_reach(struct tenure__mark *mark, uint32_t block,
                        uint32_t parent)
{
    mark->index.block[block].word |= TENURE__BLOCK_REACHED;
    if (mark->possible)
        mark->index.block[block].word |= TENURE__BLOCK_POSSIBLE;
    mark->index.block[block].parent = parent;
    mark->list[mark->tail++] = block;
}

static void reach_root_blocks(struct tenure__mark *mark)
{
    for (uint32_t i = 0; i < mark->index.count; i++)
        if (mark->index.block[i].is_root)
            tenure__mark_reach(mark, i, TENURE__PARENT_ROOT);
}

int tenure__mark_open(struct tenure__mark *mark,
                      const struct tenure__mark_source *source)
{
    *mark = (struct tenure__mark){0};
    int error = tenure__index_build(&mark->index, source);
    if (error < 0)
        return error;
    mark->list = map_numbers(mark);
    mark->waiting = map_numbers(mark);
    mark->grey = tenure__os_map(grey_bytes(mark));
    if (mark->list == NULL || mark->waiting == NULL || mark->grey == NULL) {
        tenure__mark_close(mark);
        return -ENOMEM;
    }
    reach_root_blocks(mark);
    return 0;
}

/* new T[0] with a destructor returns the end of its 8-byte block, which
 * holds the number of elements, none. */
static bool is_empty_array(uint64_t start, uint64_t bytes, uint64_t offset)
{
    return offset == 8 && bytes == 8 && *(const uint64_t *)start == 0;
}

/* An int beside the upper half of what was a pointer, as on every stack, lies
 * inside some huge block more often than such a block has no other pointer
 * to it than to just there. */
static bool is_half(uint64_t bytes, uint64_t word)
{
    return bytes >= HUGE_BYTES && (uint32_t)word < SMALL_NUMBER;
}

enum tenure__pointer tenure__mark_classify(const struct tenure__index *index,
                                           uint32_t block, uint64_t word)
{
    uint64_t start = tenure__index_address(index, block);
    uint64_t offset = tenure__mark_address(word) - start;
    if (offset == 0)
        return TENURE__POINTS_START;
    uint64_t bytes = tenure__index_bytes(index, block);
    if (offset >= bytes)
        return is_empty_array(start, bytes, offset) ? TENURE__POINTS_START
                                                    : TENURE__POINTS_NOWHERE;
    if (offset < 8)
        return TENURE__POINTS_TAGGED;
    return is_half(bytes, word) ? TENURE__POINTS_NOWHERE
                                : TENURE__POINTS_INSIDE;
}

/* The block's word is here now. */
static void judge(struct tenure__mark *mark,
                  const struct tenure__mark_candidate *candidate)
{
    uint32_t block = candidate->block;
    uint32_t flags = tenure__mark_flags(mark, block);
    if (flags & TENURE__BLOCK_REACHED)
        return;
    enum tenure__pointer kind =
        tenure__mark_classify(&mark->index, block, candidate->word);
    if (kind == TENURE__POINTS_NOWHERE)
        return;
    if (kind != TENURE__POINTS_INSIDE || mark->possible) {
        tenure__mark_reach(mark, block, candidate->parent);
    } else if ((flags & TENURE__BLOCK_WAITING) == 0) {
        mark->index.block[block].word |= TENURE__BLOCK_WAITING;
        mark->index.block[block].parent = candidate->parent;
        mark->waiting[mark->waiting_count++] = block;
    }
}

/* The cell is here now: which block is it? */
static void resolve(struct tenure__mark *mark,
                    struct tenure__mark_candidate candidate)
{
    uint64_t address = tenure__mark_address(candidate.word);
    const struct tenure__cell *cell = tenure__index_cell(&mark->index, address);
    candidate.block =
        cell != NULL ? tenure__cell_block(cell, address) : TENURE__NO_BLOCK;
    if (candidate.block == TENURE__NO_BLOCK)
        candidate.block = tenure__index_find_big(&mark->index, address);
    if (candidate.block == TENURE__NO_BLOCK)
        return;
    __builtin_prefetch(&mark->index.block[candidate.block], 1);
    uint64_t at = mark->blocks++ % TENURE__MARK_AHEAD;
    if (mark->blocks > TENURE__MARK_AHEAD)
        judge(mark, &mark->block[at]);
    mark->block[at] = candidate;
}

static inline void consider(struct tenure__mark *mark, uint64_t word,
                            uint32_t parent)
{
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(&mark->index, address)))
        return;
    __builtin_prefetch(tenure__index_cell(&mark->index, address));
    uint64_t at = mark->cells++ % TENURE__MARK_AHEAD;
    if (mark->cells > TENURE__MARK_AHEAD)
        resolve(mark, mark->cell[at]);
    mark->cell[at] = (struct tenure__mark_candidate){word, parent, 0};
}

static uint64_t oldest(uint64_t ever)
{
    return ever > TENURE__MARK_AHEAD ? ever - TENURE__MARK_AHEAD : 0;
}

/* Finishes what is on its way. */
static void settle(struct tenure__mark *mark)
{
    for (uint64_t i = oldest(mark->cells); i < mark->cells; i++)
        resolve(mark, mark->cell[i % TENURE__MARK_AHEAD]);
    for (uint64_t i = oldest(mark->blocks); i < mark->blocks; i++)
        judge(mark, &mark->block[i % TENURE__MARK_AHEAD]);
    mark->cells = mark->blocks = 0;
}

void tenure__mark_words(struct tenure__mark *mark, const uint64_t *word,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        consider(mark, word[i], TENURE__PARENT_ROOT);
}

static void blacken(struct tenure__mark *mark, uint32_t block)
{
    struct tenure__words words = tenure__words_of(&mark->index, block);
    while (tenure__words_next(&mark->index, &words))
        for (uint64_t i = 0; i < words.count; i++)
            consider(mark, words.word[i], block);
}

/* Has the blocks that come next in the list fetched, contents and all, many
 * at a time: nearly each is on a page of its own, and the processor looks up
 * several pages at once only if it is asked for them in a row. Far behind
 * those their entries are on their way, since a block's address is there. */
static void fetch_ahead(struct tenure__mark *mark)
{
    const struct tenure__index *index = &mark->index;
    uint32_t left = mark->tail - mark->fetched;
    uint32_t until =
        mark->fetched + (left < FETCH_BLOCKS ? left : FETCH_BLOCKS);
    for (uint32_t i = mark->fetched; i < until; i++) {
        const char *memory =
            (const char *)tenure__index_address(index, mark->list[i]);
        __builtin_prefetch(memory);
        __builtin_prefetch(memory + 64);
        if (i + FETCH_BLOCKS < mark->tail)
            __builtin_prefetch(&index->block[mark->list[i + FETCH_BLOCKS]]);
    }
    mark->fetched = until;
}

/* Much of what is grey at once is looked at by address: each page and each
 * cache line is then met once. All of it is as far from the roots. */
static void sort_grey(struct tenure__mark *mark)
{
    uint32_t *grey = mark->list + mark->head, words = mark->index.count / 64;
    uint32_t count = mark->tail - mark->head;
    for (uint32_t i = 0; i < count; i++)
        mark->grey[grey[i] / 64] |= 1ull << grey[i] % 64;
    for (uint32_t i = 0; i <= words; i++) {
        for (uint64_t left = mark->grey[i]; left != 0; left &= left - 1)
            *grey++ = i * 64 + (uint32_t)__builtin_ctzll(left);
        mark->grey[i] = 0;
    }
    mark->fetched = mark->head;
}

static void follow(struct tenure__mark *mark)
{
    while (mark->head < mark->tail) {
        uint32_t end = mark->tail;
        if (end - mark->head > mark->index.count / GREY_SHARE)
            sort_grey(mark);
        while (mark->head < end) {
            if (mark->fetched < mark->head + FETCH_BLOCKS)
                fetch_ahead(mark);
            blacken(mark, mark->list[mark->head++]);
        }
        if (mark->head == mark->tail)
            settle(mark);
    }
}

void tenure__mark_follow(struct tenure__mark *mark)
{
    settle(mark);
    follow(mark);
}

void tenure__mark_run(struct tenure__mark *mark)
{
    tenure__mark_follow(mark);
    mark->possible = true;
    for (uint32_t i = 0; i < mark->waiting_count; i++) {
        uint32_t block = mark->waiting[i];
        if ((tenure__mark_flags(mark, block) & TENURE__BLOCK_REACHED) == 0)
            tenure__mark_reach(mark, block, mark->index.block[block].parent);
    }
    mark->waiting_count = 0;
    follow(mark);
}
