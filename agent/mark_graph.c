/*
 * The edges between blocks, gathered in one pass over the heap.
 *
 * Blocks are read in the order of their addresses, which memory likes best;
 * what their words point to is anywhere, so a word goes through two short
 * queues as in mark.c: in the first its cell is being fetched, in the second
 * its block. Queues keep the order, so edges come out block by block.
 */
#include "agent/mark_graph.h"

#include <errno.h>

#include "agent/mark_odd.h"
#include "agent/mark_words.h"
#include "agent/os.h"

#define BLOCKS_PER_LOOK 16384u /* ahead */
#define BLOCKS_TO_FORESEE (1u << 18)

struct building {
    const struct tenure__index *index;
    struct tenure__mark_graph *graph;
    struct tenure__mark_candidate cell[TENURE__MARK_AHEAD];
    struct tenure__mark_candidate block[TENURE__MARK_AHEAD];
    uint64_t cells, blocks; /* ever put there */
    uint32_t from;          /* blocks below have all their edges */
    const struct tenure__mark_graph_limits *limits;
    uint64_t joins;
    int error;
};

static size_t joined_bytes(const struct tenure__mark_graph *graph)
{
    return (graph->room_nodes / 64 + 1) * sizeof *graph->joined;
}

void tenure__mark_graph_drop(struct tenure__mark_graph *graph)
{
    if (graph->first != NULL)
        tenure__os_unmap(graph->first,
                         graph->room_nodes * sizeof *graph->first);
    if (graph->to != NULL)
        tenure__os_unmap(graph->to, graph->room_edges * sizeof *graph->to);
    if (graph->joined != NULL)
        tenure__os_unmap(graph->joined, joined_bytes(graph));
    *graph = (struct tenure__mark_graph){0};
}

static void join(struct tenure__mark_graph *graph, uint32_t block)
{
    graph->joined[block / 64] |= 1ull << block % 64;
}

/* The edges that follow are those of `block`. */
static void begin_block(struct building *building, uint32_t block)
{
    while (building->from < block)
        building->graph->first[++building->from] = building->graph->edges;
}

/* The block's word is here now. */
static void judge(struct building *building,
                  const struct tenure__mark_candidate *candidate)
{
    struct tenure__mark_graph *graph = building->graph;
    uint32_t from = candidate->parent, to = candidate->block;
    if (from == to ||
        tenure__mark_classify(building->index, to, candidate->word) ==
            TENURE__POINTS_NOWHERE)
        return;
    begin_block(building, from);
    if (graph->edges > graph->first[from] && graph->to[graph->edges - 1] == to)
        return;
    if (building->index->block[to].parent != from) {
        join(graph, to);
        building->joins++;
    }
    if (graph->edges + 1 >= graph->room_edges)
        building->error = -E2BIG;
    else
        graph->to[graph->edges++] = to;
}

/* The cell is here now: which block is it? */
static void resolve(struct building *building,
                    struct tenure__mark_candidate candidate)
{
    uint64_t address = tenure__mark_address(candidate.word);
    const struct tenure__cell *cell =
        tenure__index_cell(building->index, address);
    candidate.block =
        cell != NULL ? tenure__cell_block(cell, address) : TENURE__NO_BLOCK;
    if (candidate.block == TENURE__NO_BLOCK)
        candidate.block = tenure__index_find_big(building->index, address);
    if (candidate.block == TENURE__NO_BLOCK)
        return;
    __builtin_prefetch(&building->index->block[candidate.block]);
    uint64_t at = building->blocks++ % TENURE__MARK_AHEAD;
    if (building->blocks > TENURE__MARK_AHEAD)
        judge(building, &building->block[at]);
    building->block[at] = candidate;
}

static inline void consider(struct building *building, uint64_t word,
                            uint32_t from)
{
    uint64_t address = tenure__mark_address(word);
    if (tenure__likely(!tenure__index_covers(building->index, address)))
        return;
    __builtin_prefetch(tenure__index_cell(building->index, address));
    uint64_t at = building->cells++ % TENURE__MARK_AHEAD;
    if (building->cells > TENURE__MARK_AHEAD)
        resolve(building, building->cell[at]);
    building->cell[at] = (struct tenure__mark_candidate){word, from, 0};
}

static uint64_t oldest(uint64_t ever)
{
    return ever > TENURE__MARK_AHEAD ? ever - TENURE__MARK_AHEAD : 0;
}

/* Finishes what is on its way. */
static void settle(struct building *building)
{
    for (uint64_t i = oldest(building->cells); i < building->cells; i++)
        resolve(building, building->cell[i % TENURE__MARK_AHEAD]);
    for (uint64_t i = oldest(building->blocks); i < building->blocks; i++)
        judge(building, &building->block[i % TENURE__MARK_AHEAD]);
}

/* Whether it can end well. `done` blocks have been read. */
static void look_ahead(struct building *building, uint32_t done)
{
    const struct tenure__mark_graph_limits *limits = building->limits;
    if (done >= BLOCKS_TO_FORESEE &&
        building->joins * building->index->count / done > limits->joins)
        building->error = -E2BIG;
    else if (tenure__os_monotonic_ns() >= limits->until_ns)
        building->error = -ETIME;
}

static void read_blocks(struct building *building,
                        const struct tenure__mark *mark)
{
    const struct tenure__index *index = building->index;
    for (uint32_t i = 0; i < index->count && building->error == 0; i++) {
        if (i % BLOCKS_PER_LOOK == 0)
            look_ahead(building, i);
        if ((tenure__mark_flags(mark, i) & TENURE__BLOCK_REACHED) == 0)
            continue;
        struct tenure__words words = tenure__words_of(index, i);
        while (tenure__words_next(index, &words))
            for (uint64_t w = 0; w < words.count; w++)
                consider(building, words.word[w], i);
    }
    settle(building);
    begin_block(building, index->count);
}

/* No aligned word is the pointer by which these were reached. */
static void join_odd(struct tenure__mark_graph *graph,
                     const struct tenure__mark *mark)
{
    for (uint32_t i = 0; i < mark->odd_count; i++)
        join(graph, tenure__odd_block(mark->odd[i]));
}

int tenure__mark_graph_build(const struct tenure__mark *mark,
                             const struct tenure__mark_graph_limits *limits,
                             struct tenure__mark_graph *graph)
{
    struct building building = {
        .index = &mark->index, .graph = graph, .limits = limits};
    *graph = (struct tenure__mark_graph){
        .room_nodes = (uint64_t)mark->index.count + 1,
        .room_edges = (uint64_t)limits->edges + 1,
    };
    graph->first =
        tenure__os_map_large(graph->room_nodes * sizeof *graph->first);
    graph->to = tenure__os_map_large(graph->room_edges * sizeof *graph->to);
    graph->joined = tenure__os_map(joined_bytes(graph));
    if (graph->first == NULL || graph->to == NULL || graph->joined == NULL)
        building.error = -ENOMEM;
    if (building.error == 0)
        read_blocks(&building, mark);
    if (building.error == 0)
        join_odd(graph, mark);
    if (building.error != 0)
        tenure__mark_graph_drop(graph);
    return building.error;
}
