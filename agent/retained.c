/*
 * From the marks to retained bytes by site.
 *
 * In come the blocks that roots point to, then the blocks' own words; out go
 * the RETAINED records.
 * Most blocks of most heaps hang: one other block leads to them, and what they
 * lead to hangs as well. It dominates them, and no search is needed. The others
 * are what the dominators are found of.
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
           nodes * 16;
}

int tenure__retained_open(struct tenure__retained *retained,
                          const struct tenure__mark *mark, uint64_t headroom)
{
    uint32_t count = mark->index.count;
    *retained = (struct tenure__retained){
        .mark = mark,
        .until_ns = tenure__os_monotonic_ns() + TENURE_RETAINED_MS * 1000000ull,
    };
    if (count > TENURE_RETAINED_BLOCKS_MAX ||
        graph_bytes(count, 4ull * count) > headroom / TENURE_RETAINED_HEADROOM)
        return -E2BIG;
    retained->held_words = count / 64 + 1;
    retained->held = tenure__os_map(retained->held_words * 8);
    retained->hangs = tenure__os_map(retained->held_words * 8);
    if (retained->held != NULL && retained->hangs != NULL)
        return 0;
    tenure__retained_close(retained);
    return -ENOMEM;
}

void tenure__retained_close(struct tenure__retained *retained)
{
    if (retained->held != NULL)
        tenure__os_unmap(retained->held, retained->held_words * 8);
    if (retained->hangs != NULL)
        tenure__os_unmap(retained->hangs, retained->held_words * 8);
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

static bool has(const uint64_t *bits, uint32_t block)
{
    return bits[block / 64] >> block % 64 & 1;
}

/* ---- what hangs -------------------------------------------------------- */

static bool leads_to_hanging(const struct tenure__retained *retained,
                             const struct tenure__mark_graph *edges,
                             uint32_t block)
{
    for (uint32_t e = edges->first[block]; e < edges->first[block + 1]; e++)
        if (!has(retained->hangs, edges->to[e]))
            return false;
    return true;
}

/* What a block leads to stands behind it in the mark's list, if only it does:
 * from the last to the first each is asked about once. */
static void find_hanging(struct tenure__retained *retained,
                         const struct tenure__mark_graph *edges)
{
    const struct tenure__mark *mark = retained->mark;
    for (uint32_t i = mark->tail; i-- > 0;) {
        uint32_t block = mark->list[i];
        if (!has(edges->joined, block) && !has(retained->held, block) &&
            tenure__mark_parent(mark, block) != TENURE__PARENT_ROOT &&
            leads_to_hanging(retained, edges, block))
            retained->hangs[block / 64] |= 1ull << block % 64;
    }
}

static void drop_edges_to_hanging(const struct tenure__retained *retained,
                                  struct tenure__mark_graph *edges)
{
    uint32_t kept = 0, from = 0;
    for (uint32_t block = 0; block < retained->mark->index.count; block++) {
        uint32_t until = edges->first[block + 1];
        edges->first[block] = kept;
        for (; from < until; from++)
            if (!has(retained->hangs, edges->to[from]))
                edges->to[kept++] = edges->to[from];
    }
    edges->first[retained->mark->index.count] = kept;
}

/* ---- the tree ---------------------------------------------------------- */

static uint64_t list_bytes(const struct tenure__retained *retained)
{
    return (retained->mark->index.count + 1ull) * sizeof(uint32_t);
}

/* The held blocks as a list. */
static uint32_t list_held(const struct tenure__retained *retained,
                          uint32_t *list)
{
    uint32_t count = 0;
    for (uint64_t i = 0; i < retained->held_words; i++)
        for (uint64_t bits = retained->held[i]; bits != 0; bits &= bits - 1) {
            uint32_t block =
                (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(bits);
            if (is_reached(retained->mark, block))
                list[count++] = block;
        }
    return count;
}

static uint32_t list_rest(const struct tenure__retained *retained,
                          uint32_t *list)
{
    const struct tenure__mark *mark = retained->mark;
    uint32_t count = 0;
    for (uint32_t i = 0; i < mark->tail; i++)
        if (!has(retained->hangs, mark->list[i]))
            list[count++] = mark->list[i];
    return count;
}

static int find_tree(struct weighing *weighing,
                     const struct tenure__mark_graph *edges)
{
    const struct tenure__retained *retained = weighing->retained;
    uint64_t bytes = list_bytes(retained);
    uint32_t *top = tenure__os_map(bytes), *rest = tenure__os_map(bytes);
    int error = -ENOMEM;
    if (top != NULL && rest != NULL) {
        struct tenure__graph graph = {
            .nodes = retained->mark->index.count,
            .first = edges->first,
            .to = edges->to,
            .top = top,
            .top_count = list_held(retained, top),
            .rest = rest,
            .rest_count = list_rest(retained, rest),
            .until_ns = retained->until_ns,
        };
        error = tenure__dominators_find(&graph, &weighing->tree);
    }
    if (top != NULL)
        tenure__os_unmap(top, bytes);
    if (rest != NULL)
        tenure__os_unmap(rest, bytes);
    return error;
}

static int grow_tree(struct weighing *weighing)
{
    struct tenure__retained *retained = weighing->retained;
    struct tenure__mark_graph edges;
    struct tenure__mark_graph_limits limits = {
        .edges = TENURE_RETAINED_EDGES_MAX,
        .joins = TENURE_RETAINED_JOINS_MAX,
        .until_ns = retained->until_ns,
    };
    int error = tenure__mark_graph_build(retained->mark, &limits, &edges);
    if (error != 0)
        return error;
    find_hanging(retained, &edges);
    drop_edges_to_hanging(retained, &edges);
    error = find_tree(weighing, &edges);
    tenure__mark_graph_drop(&edges);
    return error;
}

/* Those that hang come after what they hang on. */
static void number_blocks(struct weighing *weighing)
{
    const struct tenure__retained *retained = weighing->retained;
    const struct tenure__mark *mark = retained->mark;
    struct tenure__dominators *tree = &weighing->tree;
    for (uint32_t i = 1; i < tree->count; i++)
        weighing->number[tree->order[i]] = i;
    for (uint32_t i = 0; i < mark->tail; i++) {
        uint32_t block = mark->list[i];
        if (!has(retained->hangs, block))
            continue;
        uint32_t below = weighing->number[tenure__mark_parent(mark, block)];
        weighing->number[block] = tree->count;
        tenure__dominators_hang(tree, block, below);
    }
    tenure__dominators_list(tree);
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
    uint32_t blocks = weighing->retained->mark->index.count;
    size_t number_bytes = (blocks + 1ul) * sizeof *weighing->number;
    size_t bytes_bytes = (blocks + 2ul) * sizeof *weighing->bytes;
    size_t site_bytes = (weighing->sites + 1ul) * sizeof *weighing->site;
    weighing->number = tenure__os_map_large(number_bytes);
    weighing->bytes = tenure__os_map_large(bytes_bytes);
    weighing->site = tenure__os_map(site_bytes);
    bool whole = weighing->number && weighing->bytes && weighing->site;
    if (whole) {
        number_blocks(weighing);
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
