/* Dominator trees of graphs made by hand, and of random ones against a naive
 * oracle: a node dominates what cannot be reached without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "agent/dominators.h"

enum { ROOT = -1 };

struct made {
    struct tenure__graph graph;
    uint32_t *first, *to, *top, *rest;
    struct tenure__dominators found;
    uint32_t *number; /* of a node */
};

struct edge {
    int from, to;
};

static int by_from(const void *left, const void *right)
{
    const struct edge *a = left, *b = right;
    return a->from != b->from ? (a->from > b->from) - (a->from < b->from)
                              : (a->to > b->to) - (a->to < b->to);
}

static void solve(struct made *made, uint32_t nodes, struct edge *edge,
                  uint32_t edges)
{
    *made = (struct made){.first = calloc(nodes + 2, sizeof(uint32_t)),
                          .to = calloc(edges + 1, sizeof(uint32_t)),
                          .top = calloc(edges + nodes, sizeof(uint32_t)),
                          .rest = calloc(nodes + 1, sizeof(uint32_t)),
                          .number = calloc(nodes + 1, sizeof(uint32_t))};
    uint32_t used = 0, top = 0, at = 0;
    qsort(edge, edges, sizeof *edge, by_from);
    for (; at < edges && edge[at].from == ROOT; at++)
        made->top[top++] = (uint32_t)edge[at].to;
    for (uint32_t node = 0; node < nodes; node++) {
        made->first[node] = used;
        for (; at < edges && edge[at].from == (int)node; at++)
            made->to[used++] = (uint32_t)edge[at].to;
        made->rest[node] = node;
    }
    made->first[nodes] = used;
    made->graph =
        (struct tenure__graph){nodes, made->first, made->to, made->top,
                               top,   made->rest,  nodes,    UINT64_MAX};
    uint32_t *to = calloc(edges + 1, sizeof *to); /* it is overwritten */
    memcpy(to, made->to, edges * sizeof *to);
    assert_int_equal(tenure__dominators_find(&made->graph, &made->found), 0);
    tenure__dominators_list(&made->found);
    memcpy(made->to, to, edges * sizeof *to);
    free(to);
    assert_int_equal(made->found.count, nodes + 1);
    for (uint32_t i = 1; i < made->found.count; i++)
        made->number[made->found.order[i]] = i;
}

static void drop(struct made *made)
{
    tenure__dominators_drop(&made->found);
    free(made->first);
    free(made->to);
    free(made->top);
    free(made->rest);
    free(made->number);
}

/* The direct dominator of a node, or ROOT. */
static int dominator(const struct made *made, uint32_t node)
{
    uint32_t number = made->found.dom[made->number[node]];
    return number == 0 ? ROOT : (int)made->found.order[number];
}

/* Numbers of dominators are smaller, and each node is in one list. */
static void check_tree(const struct made *made)
{
    const struct tenure__dominators *found = &made->found;
    uint32_t listed = 0;
    for (uint32_t i = 0; i < found->count; i++)
        for (uint32_t at = found->child[i]; at != 0; at = found->next[at]) {
            assert_int_equal(found->dom[at], i);
            assert_true(at > i);
            listed++;
        }
    assert_int_equal(listed, found->count - 1);
}

static void expect(uint32_t nodes, struct edge *edge, uint32_t edges,
                   const int *dominators)
{
    struct made made;
    solve(&made, nodes, edge, edges);
    check_tree(&made);
    for (uint32_t i = 0; i < nodes; i++)
        assert_int_equal(dominator(&made, i), dominators[i]);
    drop(&made);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void a_chain_dominates_downwards(void **state)
{
    (void)state;
    struct edge edge[] = {{ROOT, 0}, {0, 1}, {1, 2}};
    expect(3, edge, COUNT(edge), (int[]){ROOT, 0, 1});
}

static void the_foot_of_a_diamond_hangs_on_its_head(void **state)
{
    (void)state;
    struct edge edge[] = {{ROOT, 0}, {0, 1}, {0, 2}, {1, 3}, {2, 3}, {3, 4}};
    expect(5, edge, COUNT(edge), (int[]){ROOT, 0, 0, 0, 3});
}

static void a_cycle_hangs_on_where_it_is_entered(void **state)
{
    (void)state;
    struct edge edge[] = {{ROOT, 0}, {0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 3}};
    expect(4, edge, COUNT(edge), (int[]){ROOT, 0, 1, 2});
}

static void a_cycle_entered_twice_hangs_on_the_root(void **state)
{
    (void)state;
    struct edge edge[] = {{ROOT, 0}, {ROOT, 2}, {0, 1}, {1, 2}, {2, 1}};
    expect(3, edge, COUNT(edge), (int[]){ROOT, ROOT, ROOT});
}

/* The example of the paper, figure 1: R is the root; A ... L are 0 ... 11. */
static void the_example_of_the_paper(void **state)
{
    (void)state;
    enum { A, B, C, D, E, F, G, H, I, J, K, L };
    struct edge edge[] = {
        {ROOT, A}, {ROOT, B}, {ROOT, C}, {A, D}, {B, A}, {B, D},    {B, E},
        {C, F},    {C, G},    {D, L},    {E, H}, {F, I}, {G, I},    {G, J},
        {H, E},    {H, K},    {I, K},    {J, I}, {K, I}, {K, ROOT}, {L, H}};
    edge[19].to = K; /* the paper has an edge back to R: here to itself */
    expect(12, edge, COUNT(edge),
           (int[]){ROOT, ROOT, ROOT, ROOT, ROOT, C, C, ROOT, ROOT, G, ROOT, D});
}

static void what_nothing_leads_to_hangs_on_the_root(void **state)
{
    (void)state;
    struct edge edge[] = {{ROOT, 0}, {1, 2}, {1, 3}, {2, 3}};
    expect(4, edge, COUNT(edge), (int[]){ROOT, ROOT, 1, 1});
}

/* ---- the naive oracle -------------------------------------------------- */

static void flood(const struct tenure__graph *graph, uint32_t without,
                  bool *reached, uint32_t *stack)
{
    uint32_t depth = 0;
    memset(reached, 0, graph->nodes * sizeof *reached);
    for (uint32_t i = 0; i < graph->top_count; i++)
        if (graph->top[i] != without && !reached[graph->top[i]]) {
            reached[graph->top[i]] = true;
            stack[depth++] = graph->top[i];
        }
    while (depth > 0) {
        uint32_t at = stack[--depth];
        for (uint32_t e = graph->first[at]; e < graph->first[at + 1]; e++)
            if (graph->to[e] != without && !reached[graph->to[e]]) {
                reached[graph->to[e]] = true;
                stack[depth++] = graph->to[e];
            }
    }
}

static bool is_above(const struct made *made, uint32_t node, uint32_t below)
{
    uint32_t at = made->number[below];
    for (; at != 0; at = made->found.dom[at])
        if (made->found.order[at] == node)
            return true;
    return false;
}

/* For every pair: above in the tree is what the other cannot do without.
 * What nothing leads to counts as held by the root, in the order given. */
static void check_all(struct made *made)
{
    uint32_t nodes = made->graph.nodes;
    bool *all = calloc(nodes, sizeof *all), *rest = calloc(nodes, sizeof *rest);
    uint32_t *stack = calloc(nodes + 1, sizeof *stack);
    for (uint32_t i = 0; i < nodes; i++) {
        flood(&made->graph, UINT32_MAX, all, stack);
        if (!all[i])
            made->top[made->graph.top_count++] = i;
    }
    for (uint32_t i = 0; i < nodes; i++) {
        flood(&made->graph, i, rest, stack);
        for (uint32_t j = 0; j < nodes; j++)
            assert_int_equal(is_above(made, i, j), !rest[j] || i == j);
    }
    free(all);
    free(rest);
    free(stack);
}

static uint32_t dice(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

static void random_graphs_agree_with_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct edge *edge = calloc(2000, sizeof *edge);
    for (int round = 0; round < 300; round++) {
        struct made made;
        uint32_t nodes = 2 + dice(&seed, 120), edges = 0;
        uint32_t wanted = 1 + dice(&seed, 3 * nodes);
        for (uint32_t i = 0; i < 1 + dice(&seed, 4); i++)
            edge[edges++] = (struct edge){ROOT, (int)dice(&seed, nodes)};
        for (uint32_t i = 0; i < wanted; i++) {
            int from = (int)dice(&seed, nodes);
            bool near = dice(&seed, 2) == 0; /* lists, with ways across */
            edge[edges++] = (struct edge){from, near ? (from + 1) % (int)nodes
                                                     : (int)dice(&seed, nodes)};
        }
        solve(&made, nodes, edge, edges);
        check_tree(&made);
        check_all(&made);
        drop(&made);
    }
    free(edge);
}

/* ---- what naive algorithms take n * n steps for ------------------------ */

/* A list of cells, each with an element that a table holds as well. */
static void a_list_whose_elements_a_table_holds(void **state)
{
    (void)state;
    enum { CELLS = 300000 };
    struct made made;
    struct edge *edge = calloc(3 * CELLS + 2, sizeof *edge);
    uint32_t edges = 0, table = 2 * CELLS;
    edge[edges++] = (struct edge){ROOT, 0};
    edge[edges++] = (struct edge){ROOT, (int)table};
    for (int i = 0; i < CELLS; i++) {
        if (i + 1 < CELLS)
            edge[edges++] = (struct edge){i, i + 1};
        edge[edges++] = (struct edge){i, CELLS + i};
        edge[edges++] = (struct edge){(int)table, CELLS + i};
    }
    solve(&made, table + 1, edge, edges);
    for (uint32_t i = 0; i < CELLS; i++) {
        assert_int_equal(dominator(&made, i), (int)i - 1);
        assert_int_equal(dominator(&made, CELLS + i), ROOT);
    }
    drop(&made);
    free(edge);
}

static void a_list_linked_both_ways_with_two_ends(void **state)
{
    (void)state;
    enum { CELLS = 300000 };
    struct made made;
    struct edge *edge = calloc(2 * CELLS + 2, sizeof *edge);
    uint32_t edges = 0;
    edge[edges++] = (struct edge){ROOT, 0};
    edge[edges++] = (struct edge){ROOT, CELLS - 1};
    for (int i = 0; i + 1 < CELLS; i++) {
        edge[edges++] = (struct edge){i, i + 1};
        edge[edges++] = (struct edge){i + 1, i};
    }
    solve(&made, CELLS, edge, edges);
    for (uint32_t i = 0; i < CELLS; i++)
        assert_int_equal(dominator(&made, i), ROOT);
    drop(&made);
    free(edge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_dominates_downwards),
        cmocka_unit_test(the_foot_of_a_diamond_hangs_on_its_head),
        cmocka_unit_test(a_cycle_hangs_on_where_it_is_entered),
        cmocka_unit_test(a_cycle_entered_twice_hangs_on_the_root),
        cmocka_unit_test(the_example_of_the_paper),
        cmocka_unit_test(what_nothing_leads_to_hangs_on_the_root),
        cmocka_unit_test(random_graphs_agree_with_the_oracle),
        cmocka_unit_test(a_list_whose_elements_a_table_holds),
        cmocka_unit_test(a_list_linked_both_ways_with_two_ends),
    };
    return cmocka_run_group_tests_name("dominators", tests, NULL, NULL);
}
