/* Groups of unreached blocks: one leads, the others are below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/mark_groups.h"
#include "agent/mark_words.h"
#include "mark_heap.h"

struct groups {
    struct heap heap;
    struct tenure__index index;
    struct tenure__orphan *orphan;
    uint32_t *list;
};

static uint64_t *block_of(struct groups *groups, uint32_t site, size_t bytes)
{
    uint64_t *block = heap_new(&groups->heap, bytes);
    groups->heap.block[groups->heap.count - 1].site = site;
    return block;
}

static void find(struct groups *groups)
{
    uint32_t count = groups->heap.count;
    struct tenure__mark_source source = source_of(&groups->heap);
    assert_int_equal(tenure__index_build(&groups->index, &source), 0);
    groups->orphan = calloc(count, sizeof *groups->orphan);
    groups->list = calloc(count, sizeof *groups->list);
    for (uint32_t i = 0; i < count; i++) {
        groups->orphan[i].block = i;
        groups->orphan[i].bytes = tenure__index_bytes(&groups->index, i);
    }
    assert_int_equal(tenure__mark_groups(&groups->index, groups->orphan, count,
                                         groups->list),
                     0);
}

static void drop(struct groups *groups)
{
    tenure__index_drop(&groups->index);
    free(groups->orphan);
    free(groups->list);
    heap_close(&groups->heap);
}

static uint32_t count_direct(const struct groups *groups)
{
    uint32_t direct = 0;
    for (uint32_t i = 0; i < groups->heap.count; i++)
        direct += groups->orphan[i].leader == i;
    return direct;
}

static void of_all_groups_of_a_make_the_same_site_leads(void **state)
{
    (void)state;
    enum { N = 100 };
    struct groups groups;
    heap_open(&groups.heap, 2 * N, 65536);
    for (uint32_t i = 0; i < N; i++) {
        uint64_t *a = block_of(&groups, i % 2 ? 7 : 8, 32);
        uint64_t *b = block_of(&groups, i % 2 ? 8 : 7, 32);
        groups.heap.block[2 * i + i % 3 % 2].generation = 2;
        a[1] = (uint64_t)b;
        b[2] = (uint64_t)a;
    }
    find(&groups);
    for (uint32_t i = 0; i < 2 * N; i++)
        assert_int_equal(groups.orphan[i].leader == i,
                         groups.heap.block[i].site == 7);
    drop(&groups);
}

static void of_one_site_the_oldest_leads(void **state)
{
    (void)state;
    struct groups groups;
    heap_open(&groups.heap, 3, 4096);
    uint64_t *a = block_of(&groups, 7, 32), *b = block_of(&groups, 7, 32);
    uint64_t *c = block_of(&groups, 7, 32);
    a[0] = (uint64_t)b;
    b[0] = (uint64_t)c;
    c[0] = (uint64_t)a;
    groups.heap.block[0].generation = groups.heap.block[2].generation = 3;
    groups.heap.block[1].generation = 2;
    find(&groups);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(groups.orphan[i].leader, 1);
    drop(&groups);
}

static void what_several_lead_to_is_below_the_first_site(void **state)
{
    (void)state;
    struct groups groups;
    heap_open(&groups.heap, 3, 4096);
    uint64_t *late = block_of(&groups, 9, 32),
             *early = block_of(&groups, 3, 32);
    late[0] = early[0] = (uint64_t)block_of(&groups, 5, 32);
    find(&groups);
    assert_int_equal(groups.orphan[0].leader, 0);
    assert_int_equal(groups.orphan[2].leader, 1);
    assert_int_equal(groups.list[0], 1);
    assert_int_equal(groups.list[1], 2);
    assert_int_equal(groups.list[2], 0);
    drop(&groups);
}

static void a_ring_of_a_million_blocks_is_one_group(void **state)
{
    (void)state;
    enum { N = 1000000 };
    struct groups groups;
    heap_open(&groups.heap, N, (size_t)N * 32);
    uint64_t *first = block_of(&groups, 1, 24), *last = first;
    for (uint32_t i = 1; i < N; i++) {
        uint64_t *next = block_of(&groups, 1, 24);
        last[0] = (uint64_t)next;
        next[1] = (uint64_t)last;
        last = next;
    }
    last[0] = (uint64_t)first;
    find(&groups);
    assert_int_equal(count_direct(&groups), 1);
    drop(&groups);
}

/* Its untouched pages are not read, its last words are. */
static void pointers_in_sparse_blocks_are_found(void **state)
{
    (void)state;
    enum { WORDS = 1 << 20 };
    struct groups groups;
    struct tenure__sparse *sparse = calloc(1, sizeof *sparse);
    heap_open(&groups.heap, 4, 64 << 20);
    uint64_t *leaf = block_of(&groups, 1, 32);
    uint64_t *a = block_of(&groups, 2, WORDS * 8);
    uint64_t *b = block_of(&groups, 3, WORDS * 8);
    uint64_t *other = block_of(&groups, 4, 32);
    a[5] = (uint64_t)leaf;
    a[WORDS - 1] = (uint64_t)b;
    a[WORDS / 2] = a[WORDS / 2 + 1] = (uint64_t)b;
    b[WORDS / 2] = (uint64_t)a;
    b[WORDS - 1] = (uint64_t)other;
    other[0] = (uint64_t)b;
    tenure__sparse_open(sparse);
    find(&groups);
    assert_int_equal(count_direct(&groups), 1);
    for (uint32_t i = 0; i < 4; i++)
        groups.orphan[i].leader = 0;
    groups.index.sparse = sparse;
    assert_int_equal(
        tenure__mark_groups(&groups.index, groups.orphan, 4, groups.list), 0);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(groups.orphan[i].leader, 1);
    tenure__sparse_close(sparse);
    free(sparse);
    drop(&groups);
}

/* ---- against a closure ------------------------------------------------- */

enum { NODES = 10 };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void close_over(bool leads[NODES][NODES])
{
    for (int k = 0; k < NODES; k++)
        for (int i = 0; i < NODES; i++)
            for (int j = 0; j < NODES; j++)
                leads[i][j] |= leads[i][k] && leads[k][j];
}

static bool in_one(bool leads[NODES][NODES], int a, int b)
{
    return a == b || (leads[a][b] && leads[b][a]);
}

/* By site, which is by the second half of the nodes first. */
static int rank(int node)
{
    return (node + NODES / 2) % NODES;
}

static bool is_direct(bool leads[NODES][NODES], int node)
{
    for (int i = 0; i < NODES; i++) {
        if (leads[i][node] && !in_one(leads, i, node))
            return false;
        if (in_one(leads, i, node) && rank(i) < rank(node))
            return false;
    }
    return true;
}

static void any_graph_is_as_its_closure_says(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        struct groups groups;
        bool leads[NODES][NODES] = {{0}};
        uint64_t *block[NODES];
        heap_open(&groups.heap, NODES, 65536);
        for (int i = 0; i < NODES; i++)
            block[i] = block_of(&groups, (uint32_t)rank(i) + 1, 8 * NODES);
        uint32_t edges = next_random(&seed) % (2 * NODES);
        for (uint32_t i = 0; i < edges; i++) {
            uint32_t from = next_random(&seed) % NODES;
            uint32_t to = next_random(&seed) % NODES;
            block[from][next_random(&seed) % NODES] = (uint64_t)block[to];
        }
        for (int i = 0; i < NODES; i++)
            for (int word = 0; word < NODES; word++)
                for (int j = 0; j < NODES; j++)
                    leads[i][j] |= block[i][word] == (uint64_t)block[j];
        close_over(leads);
        find(&groups);
        for (int i = 0; i < NODES; i++) {
            uint32_t leader = groups.orphan[i].leader;
            assert_int_equal(leader == (uint32_t)i, is_direct(leads, i));
            assert_true(leader == (uint32_t)i || leads[leader][i]);
        }
        drop(&groups);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_groups_of_a_make_the_same_site_leads),
        cmocka_unit_test(of_one_site_the_oldest_leads),
        cmocka_unit_test(what_several_lead_to_is_below_the_first_site),
        cmocka_unit_test(a_ring_of_a_million_blocks_is_one_group),
        cmocka_unit_test(pointers_in_sparse_blocks_are_found),
        cmocka_unit_test(any_graph_is_as_its_closure_says),
    };
    return cmocka_run_group_tests_name("mark_groups", tests, NULL, NULL);
}
