/*
 * Strongly connected components of the unreached blocks, without recursion
 * (Tarjan 1972), then a flood from each block that leads others.
 *
 * The orphans come in; a bit for each block of the index, counted, tells
 * which orphan a block is. While the components are searched, an orphan's
 * `order` says when it was met and its `leader` how early a block it leads
 * back to; then `order` is DONE and `leader` names the one block of its
 * component. Components that an edge from another one enters are led.
 */
#include "agent/mark_groups.h"

#include <errno.h>

#include "agent/mark.h"
#include "agent/mark_words.h"
#include "agent/os.h"
#include "agent/sort.h"

#define NONE UINT32_MAX
#define DONE UINT32_MAX /* its component is known */
#define LISTED (UINT32_MAX - 1)

/* A block on the way down, and which of its words come next. */
struct frame {
    uint32_t orphan;
    bool sparse; /* more of it in the last of `wide` */
    uint64_t next, end;
};

struct grouping {
    const struct tenure__index *index;
    struct tenure__orphan *orphan;
    uint32_t count;
    uint64_t *is_orphan;        /* a bit for each block */
    uint32_t *before;           /* orphans before each 64 blocks */
    uint64_t *led;              /* a bit for each orphan: of components */
    uint32_t *open;             /* met, component unknown */
    struct frame *frame;        /* from the start to where we are */
    struct tenure__words *wide; /* the rest of those that are sparse */
    uint64_t *direct;           /* site << 32 | orphan */
    uint32_t open_count, depth, wide_count, direct_count, met;
    uint32_t wide_max; /* orphans that may be sparse */
};

/* ---- memory: touched only as far as it is used ------------------------- */

struct table {
    void **at;
    size_t bytes;
};

enum { TABLES = 7 };

static void name_tables(struct grouping *g, struct table table[TABLES])
{
    size_t groups = g->index->count / 64 + 1ul, count = g->count + 1ul;
    struct table all[TABLES] = {
        {(void **)&g->is_orphan, groups * sizeof *g->is_orphan},
        {(void **)&g->before, groups * sizeof *g->before},
        {(void **)&g->led, (count / 64 + 1) * sizeof *g->led},
        {(void **)&g->open, count * sizeof *g->open},
        {(void **)&g->frame, count * sizeof *g->frame},
        {(void **)&g->wide, (g->wide_max + 1ul) * sizeof *g->wide},
        {(void **)&g->direct, count * sizeof *g->direct},
    };
    for (int i = 0; i < TABLES; i++)
        table[i] = all[i];
}

static int open_tables(struct grouping *g)
{
    struct table table[TABLES];
    int error = 0;
    for (uint32_t i = 0; i < g->count; i++)
        g->wide_max += g->orphan[i].bytes + 7 >= TENURE__SPARSE_BYTES;
    name_tables(g, table);
    for (int i = 0; i < TABLES; i++)
        if ((*table[i].at = tenure__os_map(table[i].bytes)) == NULL)
            error = -ENOMEM;
    return error;
}

static void drop_tables(struct grouping *g)
{
    struct table table[TABLES];
    name_tables(g, table);
    for (int i = 0; i < TABLES; i++)
        if (*table[i].at != NULL)
            tenure__os_unmap(*table[i].at, table[i].bytes);
}

/* ---- from a word to an orphan ------------------------------------------ */

static void number_orphans(struct grouping *g)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        g->orphan[i].order = 0;
        g->is_orphan[g->orphan[i].block / 64] |= 1ull
                                                 << g->orphan[i].block % 64;
    }
    for (uint32_t i = 0; i <= g->index->count / 64; i++) {
        g->before[i] = before;
        before += tenure__count_bits(g->is_orphan[i]);
    }
}

static uint32_t orphan_at(const struct grouping *g, uint64_t word)
{
    const struct tenure__index *index = g->index;
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(index, address)))
        return NONE;
    const struct tenure__cell *cell = tenure__index_cell(index, address);
    uint32_t block =
        cell != NULL ? tenure__cell_block(cell, address) : TENURE__NO_BLOCK;
    if (block == TENURE__NO_BLOCK)
        block = tenure__index_find_big(index, address);
    if (block == TENURE__NO_BLOCK)
        return NONE;
    uint64_t bits = g->is_orphan[block / 64], bit = 1ull << block % 64;
    if ((bits & bit) == 0 ||
        tenure__mark_classify(index, block, word) == TENURE__POINTS_NOWHERE)
        return NONE;
    return g->before[block / 64] + tenure__count_bits(bits & (bit - 1));
}

/* ---- components -------------------------------------------------------- */

static void go_down(struct grouping *g, uint32_t to)
{
    struct tenure__words words =
        tenure__words_of(g->index, g->orphan[to].block);
    g->orphan[to].order = g->orphan[to].leader = ++g->met;
    g->open[g->open_count++] = to;
    struct frame frame = {to, words.sparse, 0, 0};
    if (words.sparse) {
        g->wide[g->wide_count++] = words;
    } else {
        frame.next = words.next;
        frame.end = words.next + (words.end - words.next) / 8 * 8;
    }
    g->frame[g->depth++] = frame;
}

/* The next that the last frame's block points to, or NONE. */
static uint32_t next_below(struct grouping *g)
{
    struct frame *frame = &g->frame[g->depth - 1];
    for (;;) {
        while (frame->next < frame->end) {
            uint64_t word = *(const uint64_t *)frame->next;
            uint32_t to = orphan_at(g, word);
            frame->next += 8;
            if (to != NONE)
                return to;
        }
        struct tenure__words *words = &g->wide[g->wide_count - 1];
        if (!frame->sparse || !tenure__words_next(g->index, words))
            return NONE;
        frame->next = (uint64_t)words->word;
        frame->end = frame->next + words->count * 8;
    }
}

/* Would this one rather be the direct block of a group? */
static bool is_rather(const struct grouping *g, uint32_t a, uint32_t b)
{
    const struct tenure__index *index = g->index;
    uint32_t of_a = g->orphan[a].block, of_b = g->orphan[b].block;
    if (index->block[of_a].site != index->block[of_b].site)
        return index->block[of_a].site < index->block[of_b].site;
    if (index->generation[of_a] != index->generation[of_b])
        return index->generation[of_a] < index->generation[of_b];
    return a < b;
}

/* All that was met since `first` is one component. */
static void close_component(struct grouping *g, uint32_t first)
{
    uint32_t from = g->open_count, leader = first;
    do {
        from--;
        if (is_rather(g, g->open[from], leader))
            leader = g->open[from];
    } while (g->open[from] != first);
    for (uint32_t i = from; i < g->open_count; i++) {
        g->orphan[g->open[i]].order = DONE;
        g->orphan[g->open[i]].leader = leader;
    }
    g->open_count = from;
}

/* An edge from the last frame's block. */
static void note_edge(struct grouping *g, uint32_t to)
{
    struct tenure__orphan *from = &g->orphan[g->frame[g->depth - 1].orphan];
    uint32_t back = g->orphan[to].leader;
    if (g->orphan[to].order == DONE)
        g->led[back / 64] |= 1ull << back % 64;
    else if (back < from->leader)
        from->leader = back;
}

static void go_up(struct grouping *g)
{
    struct frame *frame = &g->frame[--g->depth];
    struct tenure__orphan *orphan = &g->orphan[frame->orphan];
    g->wide_count -= frame->sparse;
    if (orphan->leader == orphan->order)
        close_component(g, frame->orphan);
    if (g->depth > 0)
        note_edge(g, frame->orphan);
}

static void find_components(struct grouping *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        if (g->orphan[i].order != 0)
            continue;
        go_down(g, i);
        while (g->depth > 0) {
            uint32_t to = next_below(g);
            if (to == NONE)
                go_up(g);
            else if (g->orphan[to].order == 0)
                go_down(g, to);
            else
                note_edge(g, to);
        }
    }
}

/* ---- direct blocks, and what is below them ----------------------------- */

static void find_direct(struct grouping *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->orphan[i].leader == i && (g->led[i / 64] >> i % 64 & 1) == 0)
            g->direct[g->direct_count++] =
                (uint64_t)g->index->block[g->orphan[i].block].site << 32 | i;
    tenure__sort(g->direct, g->direct_count);
}

static void list_below(struct grouping *g, uint32_t from, uint32_t leader,
                       uint32_t *list, uint32_t *listed)
{
    struct tenure__words words =
        tenure__words_of(g->index, g->orphan[from].block);
    while (tenure__words_next(g->index, &words))
        for (uint64_t i = 0; i < words.count; i++) {
            uint32_t to = orphan_at(g, words.word[i]);
            if (to == NONE || g->orphan[to].order == LISTED)
                continue;
            g->orphan[to].order = LISTED;
            g->orphan[to].leader = leader;
            list[(*listed)++] = to;
        }
}

static void list_all(struct grouping *g, uint32_t *list)
{
    uint32_t listed = 0;
    for (uint32_t d = 0; d < g->direct_count; d++) {
        uint32_t leader = (uint32_t)g->direct[d], at = listed;
        g->orphan[leader].order = LISTED;
        list[listed++] = leader;
        for (; at < listed; at++)
            list_below(g, list[at], leader, list, &listed);
    }
}

int tenure__mark_groups(const struct tenure__index *index,
                        struct tenure__orphan *orphan, uint32_t count,
                        uint32_t *list)
{
    struct grouping grouping = {
        .index = index, .orphan = orphan, .count = count};
    int error = open_tables(&grouping);
    if (error == 0) {
        number_orphans(&grouping);
        find_components(&grouping);
        find_direct(&grouping);
        list_all(&grouping, list);
    }
    drop_tables(&grouping);
    return error;
}
