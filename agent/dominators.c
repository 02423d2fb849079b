/*
 * Dominators by Lengauer and Tarjan's algorithm, the simple version with
 * path compression (TOPLAS 1:1, 1979, section 4).
 *
 * A graph comes in as lists of edges; out goes the dominator tree over
 * depth-first numbers. Why not the iterative algorithm, which is shorter: it
 * walks up the tree for every edge, and heaps have long ones. A list of n
 * cells whose elements a table holds as well, or a doubly linked list with a
 * pointer to its tail, costs it n * n steps; both are in every service.
 *
 * Names are those of the paper. `vertex` is `order` here; a vertex is in the
 * forest once its number is at least `low`, since vertices enter it from the
 * last to the first; until then its `ancestor` is its parent. A vertex waits
 * in one bucket at a time, chained by the field that later is its dominator.
 */
#include "agent/dominators.h"

#include <errno.h>
#include <stdbool.h>

#include "agent/os.h"

struct work {
    const struct tenure__graph *graph;
    uint32_t count; /* vertices that have a number */
    uint32_t low;   /* the first one in the forest */
    uint32_t *order, *dom, *semi, *label, *ancestor;
    uint32_t *number; /* of a node; when all edges are turned: buckets */
    uint32_t *pred_first, *pred;
    uint64_t pred_count;
};

static uint32_t *map(uint64_t count)
{
    return tenure__os_map_large(count * sizeof(uint32_t));
}

static void unmap(uint32_t *memory, uint64_t count)
{
    if (memory != NULL)
        tenure__os_unmap(memory, count * sizeof *memory);
}

uint64_t tenure__dominators_bytes(uint64_t nodes, uint64_t edges)
{
    return (nodes + 1) * 28 + edges * 4;
}

/* ---- depth-first numbers ----------------------------------------------- */

static uint32_t meet(struct work *work, uint32_t node, uint32_t parent)
{
    uint32_t number = work->count++;
    work->number[node] = number;
    work->order[number] = node;
    work->ancestor[number] = parent;
    work->semi[number] = work->graph->first[node]; /* for now: next edge */
    return number;
}

/* All that a node leads to and nobody has met. */
static void walk(struct work *work, uint32_t node)
{
    const struct tenure__graph *graph = work->graph;
    if (work->number[node] != TENURE__NO_NODE)
        return;
    uint32_t at = meet(work, node, 0);
    while (at != 0) {
        if (work->semi[at] == graph->first[work->order[at] + 1]) {
            at = work->ancestor[at];
            continue;
        }
        uint32_t to = graph->to[work->semi[at]++];
        if (work->number[to] == TENURE__NO_NODE)
            at = meet(work, to, at);
    }
}

static void number_all(struct work *work)
{
    const struct tenure__graph *graph = work->graph;
    for (uint32_t i = 0; i < graph->nodes; i++)
        work->number[i] = TENURE__NO_NODE;
    work->order[0] = TENURE__NO_NODE;
    work->ancestor[0] = 0;
    work->count = 1;
    for (uint32_t i = 0; i < graph->top_count; i++)
        walk(work, graph->top[i]);
    for (uint32_t i = 0; i < graph->rest_count; i++)
        walk(work, graph->rest[i]);
}

/* ---- edges, turned round ----------------------------------------------- */

typedef void visit_edge(struct work *work, uint32_t from, uint32_t to);

static void count_edge(struct work *work, uint32_t from, uint32_t to)
{
    (void)from;
    work->pred_first[to]++;
}

static void put_edge(struct work *work, uint32_t from, uint32_t to)
{
    work->pred[--work->pred_first[to]] = from;
}

/* Those that the walk has not taken: it knows the others as parents. */
static void each_edge(struct work *work, visit_edge *visit)
{
    const struct tenure__graph *graph = work->graph;
    for (uint32_t i = 0; i < graph->top_count; i++) {
        uint32_t to = work->number[graph->top[i]];
        if (work->ancestor[to] != 0)
            visit(work, 0, to);
    }
    for (uint32_t from = 1; from < work->count; from++) {
        uint32_t node = work->order[from];
        for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
            uint32_t to = work->number[graph->to[e]];
            if (to != from && work->ancestor[to] != from)
                visit(work, from, to);
        }
    }
}

static bool turn_edges(struct work *work)
{
    each_edge(work, count_edge);
    for (uint32_t i = 1; i <= work->count; i++)
        work->pred_first[i] += work->pred_first[i - 1];
    work->pred_count = work->pred_first[work->count];
    work->pred = map(work->pred_count + 1);
    if (work->pred == NULL)
        return false;
    each_edge(work, put_edge);
    return true;
}

/* ---- the forest -------------------------------------------------------- */

/* The vertex of the least semidominator on the way from v up to below the
 * root of its tree. The way is turned round while it is climbed, and turned
 * back as a short cut, so that no stack is needed. */
static uint32_t evaluate(struct work *work, uint32_t v)
{
    uint32_t *ancestor = work->ancestor, *label = work->label;
    const uint32_t *semi = work->semi;
    uint32_t at = v, behind = TENURE__NO_NODE;
    if (v < work->low)
        return v;
    while (ancestor[at] >= work->low) {
        uint32_t up = ancestor[at];
        ancestor[at] = behind;
        behind = at;
        at = up;
    }
    uint32_t root = ancestor[at];
    while (behind != TENURE__NO_NODE) {
        uint32_t down = ancestor[behind];
        if (semi[label[at]] < semi[label[behind]])
            label[behind] = label[at];
        ancestor[behind] = root;
        at = behind;
        behind = down;
    }
    return label[v];
}

static void empty_bucket(struct work *work, uint32_t *bucket, uint32_t parent)
{
    uint32_t v = bucket[parent];
    bucket[parent] = 0;
    while (v != 0) {
        uint32_t next = work->dom[v], u = evaluate(work, v);
        work->dom[v] = work->semi[u] < work->semi[v] ? u : parent;
        v = next;
    }
}

static void find_dominators(struct work *work)
{
    uint32_t *bucket = work->number;
    for (uint32_t i = 0; i < work->count; i++) {
        work->semi[i] = work->label[i] = i;
        bucket[i] = 0;
    }
    work->low = work->count;
    for (uint32_t w = work->count; w-- > 1;) {
        uint32_t parent = work->ancestor[w], semi = parent;
        for (uint32_t e = work->pred_first[w]; e < work->pred_first[w + 1];
             e++) {
            uint32_t of = work->semi[evaluate(work, work->pred[e])];
            semi = of < semi ? of : semi;
        }
        work->semi[w] = semi;
        work->dom[w] = bucket[semi];
        bucket[semi] = w;
        work->low = w;
        empty_bucket(work, bucket, parent);
    }
    work->dom[0] = 0;
    for (uint32_t w = 1; w < work->count; w++)
        if (work->dom[w] != work->semi[w])
            work->dom[w] = work->dom[work->dom[w]];
}

/* ---- the tree ---------------------------------------------------------- */

static void list_children(struct tenure__dominators *found)
{
    for (uint32_t i = 0; i < found->count; i++)
        found->child[i] = found->next[i] = 0;
    for (uint32_t i = 1; i < found->count; i++) {
        found->next[i] = found->child[found->dom[i]];
        found->child[found->dom[i]] = i;
    }
}

static int solve(struct work *work)
{
    number_all(work);
    if (!turn_edges(work))
        return -ENOMEM;
    find_dominators(work);
    unmap(work->pred, work->pred_count + 1);
    return 0;
}

int tenure__dominators_find(const struct tenure__graph *graph,
                            struct tenure__dominators *found)
{
    uint32_t room = graph->nodes + 2;
    struct work work = {
        .graph = graph,
        .order = map(room),
        .dom = map(room),
        .semi = map(room),
        .label = map(room),
        .ancestor = map(room),
        .number = map(room),
        .pred_first = map(room),
    };
    bool whole = work.order && work.dom && work.semi && work.label &&
                 work.ancestor && work.number && work.pred_first;
    int error = whole ? solve(&work) : -ENOMEM;
    unmap(work.ancestor, room);
    unmap(work.number, room);
    unmap(work.pred_first, room);
    *found = (struct tenure__dominators){work.count, work.order, work.dom,
                                         work.label, work.semi,  room};
    if (error != 0)
        tenure__dominators_drop(found);
    else
        list_children(found);
    return error;
}

void tenure__dominators_drop(struct tenure__dominators *found)
{
    unmap(found->order, found->room);
    unmap(found->dom, found->room);
    unmap(found->child, found->room);
    unmap(found->next, found->room);
    *found = (struct tenure__dominators){0};
}
