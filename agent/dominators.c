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
 * in one bucket at a time, chained by the field that later is its dominator;
 * one whose semidominator is its parent or the root waits in none.
 *
 * Nearly all time is spent waiting for memory. So what is looked at together
 * lies together, the label's semidominator beside the label, and edges are
 * turned in the order of the nodes, not of the walk.
 */
#include "agent/dominators.h"

#include <errno.h>
#include <stdbool.h>

#include "agent/limits.h"
#include "agent/os.h"

#define VERTICES_PER_LOOK 65536u /* at the clock */
#define FETCH_EDGES 16u

struct vertex {
    uint32_t ancestor;
    uint32_t label; /* of the least semidominator on the way up */
    uint32_t least; /* that; while walking: end of the edges */
    uint32_t semi;  /* while walking: next edge */
};

struct work {
    const struct tenure__graph *graph;
    uint32_t count; /* vertices that have a number */
    uint32_t low;   /* the first one in the forest */
    struct vertex *vertex;
    uint32_t *order, *dom;
    uint32_t *number; /* of a node; when all edges are turned: buckets */
    uint32_t *pred_first, *pred;
    uint64_t pred_count;
    bool late;
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
    return (nodes + 1) * 32 + edges * 4;
}

static void look_at_clock(struct work *work, uint32_t vertex)
{
    if (tenure__unlikely(vertex % VERTICES_PER_LOOK == 0))
        work->late = tenure__os_monotonic_ns() >= work->graph->until_ns;
}

/* ---- depth-first numbers ----------------------------------------------- */

static uint32_t meet(struct work *work, uint32_t node, uint32_t parent)
{
    uint32_t number = work->count++;
    look_at_clock(work, number);
    work->number[node] = number;
    work->order[number] = node;
    work->vertex[number] =
        (struct vertex){.ancestor = parent,
                        .semi = work->graph->first[node],
                        .least = work->graph->first[node + 1]};
    return number;
}

/* All that a node leads to and nobody has met. */
static void walk(struct work *work, uint32_t node)
{
    uint32_t *edge = work->graph->to;
    if (work->number[node] != TENURE__NO_NODE)
        return;
    uint32_t at = meet(work, node, 0);
    while (at != 0 && !work->late) {
        struct vertex *vertex = &work->vertex[at];
        if (vertex->semi == vertex->least) {
            at = vertex->ancestor;
            continue;
        }
        uint32_t *to = &edge[vertex->semi++];
        uint32_t number = work->number[*to];
        if (number == TENURE__NO_NODE)
            number = at = meet(work, *to, at);
        work->pred_first[number]++;
        *to = number;
    }
}

static void number_all(struct work *work)
{
    const struct tenure__graph *graph = work->graph;
    for (uint32_t i = 0; i < graph->nodes; i++)
        work->number[i] = TENURE__NO_NODE;
    work->order[0] = TENURE__NO_NODE;
    work->count = 1;
    for (uint32_t i = 0; i < graph->top_count; i++)
        walk(work, graph->top[i]);
    for (uint32_t i = 0; i < graph->rest_count; i++)
        walk(work, graph->rest[i]);
}

/* ---- edges, turned round ----------------------------------------------- */

static void put_edge(struct work *work, uint32_t from, uint32_t to)
{
    work->pred[--work->pred_first[to]] = from;
}

static void put_edges(struct work *work)
{
    const struct tenure__graph *graph = work->graph;
    for (uint32_t i = 0; i < graph->top_count; i++)
        put_edge(work, 0, work->number[graph->top[i]]);
    for (uint32_t node = 0; node < graph->nodes; node++) {
        uint32_t from = work->number[node];
        if (from == TENURE__NO_NODE)
            continue;
        for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++)
            put_edge(work, from, graph->to[e]);
    }
}

static int turn_edges(struct work *work)
{
    const struct tenure__graph *graph = work->graph;
    for (uint32_t i = 0; i < graph->top_count; i++)
        work->pred_first[work->number[graph->top[i]]]++;
    for (uint32_t i = 1; i <= work->count; i++)
        work->pred_first[i] += work->pred_first[i - 1];
    work->pred_count = work->pred_first[work->count];
    work->pred = map(work->pred_count + 1);
    if (work->pred == NULL)
        return -ENOMEM;
    put_edges(work);
    return 0;
}

/* ---- the forest -------------------------------------------------------- */

/* Makes the label of v that of the least semidominator on the way from v up
 * to below the root of its tree. The way is turned round while it is climbed,
 * and turned back as a short cut, so that no stack is needed. */
static void evaluate(struct work *work, uint32_t v)
{
    struct vertex *vertex = work->vertex;
    uint32_t at = v, behind = TENURE__NO_NODE;
    while (vertex[at].ancestor >= work->low) {
        uint32_t up = vertex[at].ancestor;
        vertex[at].ancestor = behind;
        behind = at;
        at = up;
    }
    uint32_t root = vertex[at].ancestor;
    struct vertex best = vertex[at];
    while (behind != TENURE__NO_NODE) {
        struct vertex *below = &vertex[behind];
        uint32_t down = below->ancestor;
        if (best.least < below->least) {
            below->label = best.label;
            below->least = best.least;
        } else {
            best = *below;
        }
        below->ancestor = root;
        behind = down;
    }
}

static uint32_t least(struct work *work, uint32_t v)
{
    if (v < work->low)
        return v;
    evaluate(work, v);
    return work->vertex[v].least;
}

static void empty_bucket(struct work *work, uint32_t *bucket, uint32_t parent)
{
    uint32_t v = bucket[parent];
    bucket[parent] = 0;
    while (v != 0) {
        const struct vertex *vertex = &work->vertex[v];
        uint32_t next = work->dom[v];
        evaluate(work, v);
        work->dom[v] = vertex->least < vertex->semi ? vertex->label : parent;
        v = next;
    }
}

static uint32_t find_semi(struct work *work, uint32_t w)
{
    uint32_t begin = work->pred_first[w], end = work->pred_first[w + 1];
    uint32_t semi = work->vertex[w].ancestor;
    for (uint32_t e = end; e-- > begin;) {
        if (e >= FETCH_EDGES)
            __builtin_prefetch(&work->vertex[work->pred[e - FETCH_EDGES]]);
        uint32_t of = least(work, work->pred[e]);
        semi = of < semi ? of : semi;
    }
    return semi;
}

static void find_dominators(struct work *work)
{
    uint32_t *bucket = work->number;
    for (uint32_t i = 0; i < work->count; i++)
        bucket[i] = 0;
    work->low = work->count;
    for (uint32_t w = work->count; w-- > 1 && !work->late;) {
        uint32_t parent = work->vertex[w].ancestor, semi = find_semi(work, w);
        look_at_clock(work, w);
        work->vertex[w] = (struct vertex){parent, w, semi, semi};
        work->dom[w] = semi;
        if (semi != parent && semi != 0) {
            work->dom[w] = bucket[semi];
            bucket[semi] = w;
        }
        work->low = w;
        empty_bucket(work, bucket, parent);
    }
    work->dom[0] = 0;
    for (uint32_t w = 1; w < work->count; w++)
        if (work->dom[w] != work->vertex[w].semi)
            work->dom[w] = work->dom[work->dom[w]];
}

/* ---- the tree ---------------------------------------------------------- */

void tenure__dominators_hang(struct tenure__dominators *found, uint32_t node,
                             uint32_t below)
{
    found->order[found->count] = node;
    found->dom[found->count++] = below;
}

void tenure__dominators_list(struct tenure__dominators *found)
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
    int error = work->late ? -ETIME : turn_edges(work);
    if (error == 0)
        find_dominators(work);
    unmap(work->pred, work->pred_count + 1);
    return work->late ? -ETIME : error;
}

int tenure__dominators_find(const struct tenure__graph *graph,
                            struct tenure__dominators *found)
{
    uint32_t room = graph->nodes + 2;
    size_t vertex_bytes = room * sizeof(struct vertex);
    struct work work = {
        .graph = graph,
        .vertex = tenure__os_map_large(vertex_bytes),
        .order = map(room),
        .dom = map(room),
        .number = map(room),
        .pred_first = map(room),
    };
    bool whole =
        work.vertex && work.order && work.dom && work.number && work.pred_first;
    int error = whole ? solve(&work) : -ENOMEM;
    if (work.vertex != NULL)
        tenure__os_unmap(work.vertex, vertex_bytes);
    *found = (struct tenure__dominators){work.count,  work.order,      work.dom,
                                         work.number, work.pred_first, room};
    if (error != 0)
        tenure__dominators_drop(found);
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
