/*
 * From the marks to retained bytes by site.
 *
 * In come the blocks that roots point to, then the blocks' own words; out go
 * the RETAINED records.
 * Bytes are summed up the dominator tree, from the last number to the first;
 * then one walk down the tree adds what is topmost of its site.
 */
#include "agent/retained.h"

#include <errno.h>

#include "agent/dominators.h"
#include "agent/mark_graph.h"
#include "agent/os.h"

/* A site while the tree is walked. */
struct weight {
    uint64_t bytes;
    uint32_t above; /* blocks of it on the way from the root to here */
};

struct weighing {
    struct tenure__retained *retained;
    struct tenure__dominators tree;
    uint64_t *bytes;     /* by number in the tree */
    uint32_t *number;    /* by block */
    struct weight *site; /* by site */
    uint32_t sites, generation;
};

static bool is_reached(const struct tenure__mark *mark, uint32_t block)
{
    return tenure__mark_flags(mark, block) & TENURE__BLOCK_REACHED;
}

static uint64_t graph_bytes(uint64_t nodes, uint64_t edges)
{
    return tenure__dominators_bytes(nodes, edges) + (nodes + edges) * 4 +
           nodes * 12;
}

int tenure__retained_open(struct tenure__retained *retained,
                          const struct tenure__mark *mark, uint64_t headroom)
{
    uint32_t count = mark->index.count;
    *retained = (struct tenure__retained){.mark = mark};
    if (count > TENURE_RETAINED_BLOCKS_MAX ||
        graph_bytes(count, 4ull * count) > headroom / TENURE_RETAINED_HEADROOM)
        return -E2BIG;
    retained->held_words = count / 64 + 1;
    retained->held = tenure__os_map(retained->held_words * 8);
    return retained->held != NULL ? 0 : -ENOMEM;
}

void tenure__retained_close(struct tenure__retained *retained)
{
    if (retained->held != NULL)
        tenure__os_unmap(retained->held, retained->held_words * 8);
    *retained = (struct tenure__retained){0};
}

/* ---- roots ------------------------------------------------------------- */

static void hold(struct tenure__retained *retained, uint32_t block)
{
    retained->held[block / 64] |= 1ull << block % 64;
}

void tenure__retained_root(const struct tenure__root *root,
                           const uint64_t *word, size_t count, uint64_t address,
                           void *with)
{
    struct tenure__retained *retained = with;
    const struct tenure__index *index = &retained->mark->index;
    (void)address;
    for (size_t i = 0; i < count; i++) {
        uint64_t to = tenure__mark_address(word[i]);
        uint32_t block = tenure__index_find(index, to);
        if (block != TENURE__NO_BLOCK &&
            (!root->starts_only || tenure__index_address(index, block) == to))
            hold(retained, block);
    }
}

static void hold_root_blocks(struct tenure__retained *retained)
{
    for (uint32_t i = 0; i < retained->mark->index.count; i++)
        if (retained->mark->index.block[i].is_root)
            hold(retained, i);
}

/* The held blocks as a list, or NULL. */
static uint32_t *list_held(const struct tenure__retained *retained,
                           uint32_t *count)
{
    uint32_t *list =
        tenure__os_map((retained->mark->index.count + 1ul) * sizeof *list);
    *count = 0;
    for (uint64_t i = 0; list != NULL && i < retained->held_words; i++)
        for (uint64_t bits = retained->held[i]; bits != 0; bits &= bits - 1) {
            uint32_t block =
                (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(bits);
            if (is_reached(retained->mark, block))
                list[(*count)++] = block;
        }
    return list;
}

/* ---- the tree ---------------------------------------------------------- */

static int grow_tree(struct weighing *weighing)
{
    struct tenure__retained *retained = weighing->retained;
    const struct tenure__mark *mark = retained->mark;
    struct tenure__mark_graph edges;
    struct tenure__graph graph = {.nodes = mark->index.count,
                                  .rest = mark->list,
                                  .rest_count = mark->tail};
    int error =
        tenure__mark_graph_build(mark, TENURE_RETAINED_EDGES_MAX, &edges);
    if (error != 0)
        return error;
    uint32_t *top = list_held(retained, &graph.top_count);
    graph.first = edges.first;
    graph.to = edges.to;
    graph.top = top;
    error = top != NULL ? tenure__dominators_find(&graph, &weighing->tree)
                        : -ENOMEM;
    if (top != NULL)
        tenure__os_unmap(top, (mark->index.count + 1ul) * sizeof *top);
    tenure__mark_graph_drop(&edges);
    return error;
}

static void weigh_block(const struct tenure__mark_block *block, void *with)
{
    struct weighing *weighing = with;
    if (block->generation <= weighing->generation &&
        is_reached(weighing->retained->mark, block->number))
        weighing->bytes[weighing->number[block->number]] = block->bytes;
}

static void sum_up(struct weighing *weighing)
{
    const struct tenure__dominators *tree = &weighing->tree;
    for (uint32_t i = tree->count; i-- > 1;)
        weighing->bytes[tree->dom[i]] += weighing->bytes[i];
}

static struct weight *site_of(const struct weighing *weighing, uint32_t at)
{
    const struct tenure__index *index = &weighing->retained->mark->index;
    uint32_t site = index->block[weighing->tree.order[at]].site;
    return &weighing->site[site < weighing->sites ? site : 0];
}

static void enter(const struct weighing *weighing, uint32_t at)
{
    struct weight *site = site_of(weighing, at);
    if (site->above++ == 0)
        site->bytes += weighing->bytes[at];
}

/* Down to the first child, else on to the next, else up: without a stack,
 * for trees are as deep as lists are long. */
static void walk_down(const struct weighing *weighing)
{
    const struct tenure__dominators *tree = &weighing->tree;
    uint32_t at = 0;
    for (;;) {
        if (tree->child[at] != 0) {
            at = tree->child[at];
            enter(weighing, at);
            continue;
        }
        while (at != 0 && tree->next[at] == 0) {
            site_of(weighing, at)->above--;
            at = tree->dom[at];
        }
        if (at == 0)
            return;
        site_of(weighing, at)->above--;
        at = tree->next[at];
        enter(weighing, at);
    }
}

static void write_rows(struct weighing *weighing, uint32_t room)
{
    struct tenure__retained *retained = weighing->retained;
    for (uint32_t i = 1; i < weighing->sites; i++)
        if (weighing->site[i].bytes > 0 && retained->row_count < room)
            retained->row[retained->row_count++] = (struct tenure_retained){
                .site = i, .bytes = weighing->site[i].bytes};
}

static int weigh(struct weighing *weighing, uint32_t room)
{
    struct tenure__mark_source source =
        tenure__index_source(&weighing->retained->mark->index);
    const struct tenure__dominators *tree = &weighing->tree;
    uint32_t blocks = weighing->retained->mark->index.count;
    size_t number_bytes = (blocks + 1ul) * sizeof *weighing->number;
    size_t bytes_bytes = (tree->count + 1ul) * sizeof *weighing->bytes;
    size_t site_bytes = (weighing->sites + 1ul) * sizeof *weighing->site;
    weighing->number = tenure__os_map(number_bytes);
    weighing->bytes = tenure__os_map(bytes_bytes);
    weighing->site = tenure__os_map(site_bytes);
    bool whole = weighing->number && weighing->bytes && weighing->site;
    if (whole) {
        for (uint32_t i = 1; i < tree->count; i++)
            weighing->number[tree->order[i]] = i;
        source.each(source.self, weigh_block, weighing);
        sum_up(weighing);
        walk_down(weighing);
        write_rows(weighing, room);
    }
    if (weighing->number != NULL)
        tenure__os_unmap(weighing->number, number_bytes);
    if (weighing->bytes != NULL)
        tenure__os_unmap(weighing->bytes, bytes_bytes);
    if (weighing->site != NULL)
        tenure__os_unmap(weighing->site, site_bytes);
    return whole ? 0 : -ENOMEM;
}

int tenure__retained_find(struct tenure__retained *retained,
                          uint32_t generation, uint32_t sites,
                          struct tenure_retained *row, uint32_t room)
{
    struct weighing weighing = {
        .retained = retained, .sites = sites, .generation = generation};
    retained->row = row;
    retained->row_count = 0;
    hold_root_blocks(retained);
    int error = grow_tree(&weighing);
    if (error != 0)
        return error;
    error = weigh(&weighing, room);
    tenure__dominators_drop(&weighing.tree);
    return error;
}
