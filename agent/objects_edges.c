/*
 * The pointers of a snapshot, one by one.
 *
 * First every root is read once more, then every block in the order of the
 * index, and each word that points to a block becomes an entry of EDGES. As
 * in the mark, a word goes through two short queues on its way, while first
 * its cell and then its block are being fetched.
 */
#include "agent/objects.h"

#include <string.h>

#include "agent/annotate.h"
#include "agent/mark_odd.h"
#include "agent/mark_words.h"
#include "agent/modules.h"
#include "agent/os.h"
#include "agent/stream.h"

#define AHEAD TENURE__MARK_AHEAD

struct candidate {
    uint64_t word, place;
    uint32_t from, block;
};

struct edging {
    const struct tenure__objects_marked *marked;
    const struct tenure__index *index;
    struct tenure__stream *stream;
    struct tenure_objects_head *head;
    struct tenure_edge_coder coder;
    uint32_t root_kind, what; /* of the root being read */
    bool starts_only;
    struct candidate cell[AHEAD], block[AHEAD];
    uint64_t cells, blocks;
};

static void put(struct edging *edging, const struct candidate *candidate,
                uint32_t how)
{
    struct tenure_edge edge = {
        candidate->from,   candidate->block, how,
        edging->root_kind, edging->what,     candidate->place};
    uint8_t *room = tenure__stream_room(edging->stream, TENURE_EDGE_ENTRY_MAX);
    if (room == NULL)
        return;
    tenure__stream_use(edging->stream,
                       tenure_edge_put(&edging->coder, &edge, room));
    if (edge.from == TENURE_NONE)
        edging->head->roots++;
    else
        edging->head->edges++;
}

/* ---- words ------------------------------------------------------------- */

static void judge(struct edging *edging, const struct candidate *candidate)
{
    static const uint32_t how[] = {[TENURE__POINTS_START] = TENURE_EDGE_START,
                                   [TENURE__POINTS_TAGGED] = TENURE_EDGE_TAGGED,
                                   [TENURE__POINTS_INSIDE] =
                                       TENURE_EDGE_INSIDE};
    enum tenure__pointer kind =
        tenure__mark_classify(edging->index, candidate->block, candidate->word);
    if (kind == TENURE__POINTS_NOWHERE ||
        (edging->starts_only && kind != TENURE__POINTS_START))
        return;
    put(edging, candidate, how[kind]);
}

static void resolve(struct edging *edging, struct candidate candidate)
{
    uint64_t address = tenure__mark_address(candidate.word);
    const struct tenure__cell *cell =
        tenure__index_cell(edging->index, address);
    candidate.block =
        cell != NULL ? tenure__cell_block(cell, address) : TENURE__NO_BLOCK;
    if (candidate.block == TENURE__NO_BLOCK)
        candidate.block = tenure__index_find_big(edging->index, address);
    if (candidate.block == TENURE__NO_BLOCK)
        return;
    __builtin_prefetch(&edging->index->block[candidate.block]);
    uint64_t at = edging->blocks++ % AHEAD;
    if (edging->blocks > AHEAD)
        judge(edging, &edging->block[at]);
    edging->block[at] = candidate;
}

static inline void consider(struct edging *edging, uint64_t word, uint32_t from,
                            uint64_t place)
{
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(edging->index, address)))
        return;
    __builtin_prefetch(tenure__index_cell(edging->index, address));
    uint64_t at = edging->cells++ % AHEAD;
    if (edging->cells > AHEAD)
        resolve(edging, edging->cell[at]);
    edging->cell[at] = (struct candidate){word, place, from, 0};
}

static uint64_t oldest(uint64_t ever)
{
    return ever > AHEAD ? ever - AHEAD : 0;
}

/* Finishes what is on its way. */
static void settle(struct edging *edging)
{
    for (uint64_t i = oldest(edging->cells); i < edging->cells; i++)
        resolve(edging, edging->cell[i % AHEAD]);
    for (uint64_t i = oldest(edging->blocks); i < edging->blocks; i++)
        judge(edging, &edging->block[i % AHEAD]);
    edging->cells = edging->blocks = 0;
}

/* ---- roots ------------------------------------------------------------- */

static void set_root(struct edging *edging, uint32_t kind, uint32_t what)
{
    settle(edging);
    edging->root_kind = kind;
    edging->what = what;
}

static void read_root(const struct tenure__root *root, const uint64_t *word,
                      size_t count, uint64_t address, void *with)
{
    struct edging *edging = with;
    uint32_t what = TENURE_NONE;
    if (root->kind == TENURE_RETAINER_GLOBAL)
        what = tenure__module_around(address);
    else if (root->kind == TENURE_RETAINER_STACK ||
             root->kind == TENURE_RETAINER_REGISTER)
        what = root->tid;
    set_root(edging, root->kind, what);
    edging->starts_only = root->starts_only;
    for (size_t i = 0; i < count; i++)
        consider(edging, word[i], TENURE_NONE,
                 address != 0 ? address + 8 * i : 0);
    settle(edging);
}

/* Blocks that are roots themselves. */
static void put_root_blocks(struct edging *edging)
{
    const struct tenure__index *index = edging->index;
    for (uint32_t i = 0; i < index->count; i++) {
        struct candidate candidate = {.from = TENURE_NONE, .block = i};
        if (!index->block[i].is_root)
            continue;
        set_root(edging,
                 tenure__is_ignored(tenure__index_address(index, i),
                                    index->generation[i])
                     ? TENURE_RETAINER_USER
                     : TENURE_RETAINER_LOADER,
                 TENURE_NONE);
        put(edging, &candidate, TENURE_EDGE_START);
    }
}

static void put_roots(struct edging *edging)
{
    const struct tenure__objects_marked *marked = edging->marked;
    tenure__roots_read(marked->roots, marked->stopped, read_root, edging);
    edging->starts_only = false;
    for (size_t i = 0; i < marked->kernel->count; i++) {
        if (i == 0 || i == marked->kernel->of_kernel)
            set_root(edging,
                     i < marked->kernel->of_kernel ? TENURE_RETAINER_KERNEL
                                                   : TENURE_RETAINER_MAPPING,
                     TENURE_NONE);
        consider(edging, marked->kernel->word[i], TENURE_NONE, 0);
    }
    settle(edging);
    put_root_blocks(edging);
}

/* ---- unaligned pointers: those the mark has followed ------------------- */

/* The end of those of one parent; they follow one another. */
static uint32_t odd_end(const struct tenure__mark *mark, uint32_t next,
                        uint32_t from)
{
    while (next < mark->odd_count &&
           tenure__odd_parent(mark->odd[next]) == from)
        next++;
    return next;
}

static uint32_t put_odd_roots(struct edging *edging)
{
    const struct tenure__mark *mark = edging->marked->mark;
    uint32_t end = odd_end(mark, 0, TENURE__PARENT_ROOT);
    for (uint32_t i = 0; i < end; i++)
        put(edging,
            &(struct candidate){.from = TENURE_NONE,
                                .block = tenure__odd_block(mark->odd[i])},
            TENURE_EDGE_UNALIGNED);
    return end;
}

/* Is the block one of these? They are sorted. */
static bool is_odd(const struct tenure__mark *mark, uint32_t next, uint32_t end,
                   uint32_t block)
{
    while (next < end) {
        uint32_t middle = next + (end - next) / 2;
        if (tenure__odd_block(mark->odd[middle]) < block)
            next = middle + 1;
        else
            end = middle;
    }
    return next < mark->odd_count &&
           tenure__odd_block(mark->odd[next]) == block;
}

/* Where in the holder, the block `from`, the pointers to these stand. */
static uint32_t put_odd(struct edging *edging, uint32_t next, uint32_t from)
{
    const struct tenure__mark *mark = edging->marked->mark;
    uint32_t end = odd_end(mark, next, from);
    struct tenure__words words = tenure__words_of(edging->index, from);
    if (next == end)
        return end;
    settle(edging);
    while (tenure__words_next(edging->index, &words))
        for (uint64_t i = 8; i < words.count * 8; i++) {
            const char *at = (const char *)words.word + i - 7;
            struct candidate candidate = {.from = from};
            if ((uint64_t)at % 8 == 0)
                continue;
            memcpy(&candidate.word, at, sizeof candidate.word);
            uint64_t address = tenure__mark_address(candidate.word);
            candidate.block = tenure__index_find(edging->index, address);
            candidate.place =
                (uint64_t)at - tenure__index_address(edging->index, from);
            if (candidate.block != TENURE__NO_BLOCK &&
                tenure__index_address(edging->index, candidate.block) ==
                    address &&
                is_odd(mark, next, end, candidate.block))
                put(edging, &candidate, TENURE_EDGE_UNALIGNED);
        }
    return end;
}

/* ---- blocks ------------------------------------------------------------ */

static void put_blocks(struct edging *edging, uint32_t next_odd)
{
    const struct tenure__index *index = edging->index;
    for (uint32_t i = 0; i < index->count; i++) {
        const uint64_t start = tenure__index_address(index, i);
        struct tenure__words words = tenure__words_of(index, i);
        if (i + AHEAD < index->count)
            __builtin_prefetch(
                (const void *)tenure__index_address(index, i + AHEAD));
        while (tenure__words_next(index, &words)) {
            uint64_t place = (uint64_t)words.word - start;
            for (uint64_t w = 0; w < words.count; w++)
                consider(edging, words.word[w], i, place + w * 8);
        }
        next_odd = put_odd(edging, next_odd, i);
    }
    settle(edging);
}

void tenure__edges_write(const struct tenure__objects_marked *marked,
                         struct tenure__stream *stream,
                         struct tenure_objects_head *head)
{
    struct edging edging = {.marked = marked,
                            .index = &marked->mark->index,
                            .stream = stream,
                            .head = head,
                            .coder.placed = true};
    head->flags |= TENURE_OBJECTS_PLACED;
    put_roots(&edging);
    set_root(&edging, 0, TENURE_NONE);
    put_blocks(&edging, put_odd_roots(&edging));
}
