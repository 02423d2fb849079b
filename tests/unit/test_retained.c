/* What sites retain, over heaps made by hand and at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "agent/mark_graph.h"
#include "agent/retained.h"
#include "mark_heap.h"

enum { TABLE = 1, NODE = 2, VALUE = 3, SITES = 8 };

struct held {
    struct heap heap;
    struct tenure__mark mark;
    uint64_t root[8];
    struct tenure_retained row[SITES];
    uint64_t bytes[SITES]; /* by site */
    bool is_late;
};

static uint64_t *born(struct held *held, uint32_t site, size_t bytes)
{
    uint64_t *block = heap_new(&held->heap, bytes);
    held->heap.block[held->heap.count - 1].site = site;
    return block;
}

static int weigh(struct held *held)
{
    struct tenure__mark_source source = source_of(&held->heap);
    struct tenure__retained retained;
    struct tenure__root root = {.kind = TENURE_RETAINER_STACK};
    assert_int_equal(tenure__mark_open(&held->mark, &source), 0);
    tenure__mark_words(&held->mark, held->root, 8);
    tenure__mark_run(&held->mark);
    int error = tenure__retained_open(&retained, &held->mark, 1ull << 40);
    if (error != 0)
        return error;
    if (held->is_late)
        retained.until_ns = 1;
    tenure__retained_root(&root, held->root, 8, 0, &retained);
    error = tenure__retained_find(&retained, 5, SITES, held->row, SITES);
    for (uint32_t i = 0; error == 0 && i < retained.row_count; i++) {
        assert_true(i == 0 || held->row[i].site > held->row[i - 1].site);
        held->bytes[held->row[i].site] = held->row[i].bytes;
    }
    tenure__retained_close(&retained);
    return error;
}

static void finish(struct held *held)
{
    tenure__mark_close(&held->mark);
    heap_close(&held->heap);
}

static void a_table_retains_all_that_only_it_holds(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 300, 1 << 20);
    uint64_t *table = born(&held, TABLE, 801);
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t *node = born(&held, NODE, 33);
        table[i] = (uint64_t)node;
        node[2] = (uint64_t)born(&held, VALUE, 101) + 7 * (i % 2);
    }
    held.root[5] = (uint64_t)table;
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[TABLE], 801 + 100 * (33 + 101));
    assert_int_equal(held.bytes[NODE], 100 * (33 + 101));
    assert_int_equal(held.bytes[VALUE], 100 * 101);
    finish(&held);
}

static void a_list_counts_once(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 50001, 4 << 20);
    uint64_t *last = &held.root[0];
    for (uint32_t i = 0; i < 50000; i++) {
        uint64_t *node = born(&held, NODE, 32);
        *last = (uint64_t)node;
        last = node;
    }
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[NODE], 50000 * 32);
    finish(&held);
}

/* A list whose nodes a table holds as well, with values of their own. */
static void what_hangs_below_what_is_joined_counts_there(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 301, 1 << 20);
    uint64_t *table = born(&held, TABLE, 1600), *last = NULL;
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t *node = born(&held, NODE, 32), *value = born(&held, VALUE, 48);
        table[i] = node[0] = (uint64_t)node; /* itself: no edge */
        node[1] = (uint64_t)last;
        node[2] = (uint64_t)value;
        value[0] = (uint64_t)born(&held, VALUE, 16);
        last = node;
    }
    held.root[0] = (uint64_t)table;
    held.root[1] = (uint64_t)last;
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[TABLE], 1600);
    assert_int_equal(held.bytes[NODE], 100 * (32 + 48 + 16));
    assert_int_equal(held.bytes[VALUE], 100 * (48 + 16));
    finish(&held);
}

static void what_two_hold_neither_retains(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 10, 4096);
    uint64_t *a = born(&held, TABLE, 32), *b = born(&held, NODE, 32);
    uint64_t *shared = born(&held, VALUE, 100);
    a[0] = b[0] = (uint64_t)shared;
    held.root[0] = (uint64_t)a;
    held.root[1] = (uint64_t)b;
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[TABLE], 32);
    assert_int_equal(held.bytes[NODE], 32);
    assert_int_equal(held.bytes[VALUE], 100);
    finish(&held);
}

static void a_root_that_points_inside_holds_as_well(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 10, 4096);
    uint64_t *a = born(&held, TABLE, 32), *b = born(&held, VALUE, 100);
    a[0] = (uint64_t)b;
    held.root[0] = (uint64_t)a;
    held.root[1] = (uint64_t)b + 48;
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[TABLE], 32);
    finish(&held);
}

static void young_and_lost_blocks_weigh_nothing(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 10, 4096);
    uint64_t *a = born(&held, TABLE, 32), *young = born(&held, VALUE, 100);
    held.heap.block[held.heap.count - 1].generation = 6;
    uint64_t *old = born(&held, VALUE, 10), *lost = born(&held, NODE, 64);
    a[0] = (uint64_t)young;
    young[0] = (uint64_t)old;
    lost[0] = (uint64_t)old;
    held.root[0] = (uint64_t)a;
    assert_int_equal(weigh(&held), 0);
    assert_int_equal(held.bytes[TABLE], 42);
    assert_int_equal(held.bytes[VALUE], 10);
    assert_int_equal(held.bytes[NODE], 0);
    finish(&held);
}

/* ---- the naive oracle -------------------------------------------------- */

/* Bytes that nothing but a way through `without` leads to, those included.
 * Blocks of random heaps have four words each and addresses in order. */
static void flood(const struct held *held, uint32_t without, bool *met)
{
    uint32_t stack[512], depth = 0;
    memset(met, 0, 512);
    for (uint32_t r = 0; r < 8; r++)
        for (uint32_t i = 0; i < held->heap.count; i++)
            if (held->heap.block[i].address == held->root[r] && i != without &&
                !met[i]) {
                met[i] = true;
                stack[depth++] = i;
            }
    while (depth > 0) {
        const uint64_t *word =
            (const uint64_t *)held->heap.block[stack[--depth]].address;
        for (uint32_t w = 0; w < 4; w++)
            for (uint32_t i = 0; i < held->heap.count; i++)
                if (held->heap.block[i].address == word[w] && i != without &&
                    !met[i]) {
                    met[i] = true;
                    stack[depth++] = i;
                }
    }
}

static void check_against_oracle(const struct held *held)
{
    static bool without[256][512], met[512];
    uint64_t bytes[SITES] = {0};
    uint32_t count = held->heap.count;
    flood(held, UINT32_MAX, met);
    for (uint32_t i = 0; i < count; i++)
        flood(held, i, without[i]);
    for (uint32_t i = 0; i < count; i++) {
        bool topmost = met[i];
        for (uint32_t j = 0; j < count; j++)
            if (j != i && met[j] && !without[j][i] &&
                held->heap.block[j].site == held->heap.block[i].site)
                topmost = false;
        for (uint32_t j = 0; topmost && j < count; j++)
            if (met[j] && !without[i][j])
                bytes[held->heap.block[i].site] += held->heap.block[j].bytes;
    }
    for (uint32_t site = 1; site < SITES; site++)
        assert_int_equal(held->bytes[site], bytes[site]);
}

static uint32_t dice(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

static void random_heaps_agree_with_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 100; round++) {
        struct held held = {0};
        uint32_t count = 5 + dice(&seed, 100);
        heap_open(&held.heap, count, 1 << 16);
        for (uint32_t i = 0; i < count; i++)
            born(&held, 1 + dice(&seed, SITES - 1), 32 + dice(&seed, 16));
        for (uint32_t i = 0; i < 2 * count; i++) {
            uint64_t *from =
                (uint64_t *)held.heap.block[dice(&seed, count)].address;
            from[dice(&seed, 4)] = held.heap.block[dice(&seed, count)].address;
        }
        for (uint32_t i = 0; i < 3; i++)
            held.root[i] = held.heap.block[dice(&seed, count)].address;
        assert_int_equal(weigh(&held), 0);
        check_against_oracle(&held);
        finish(&held);
    }
}

static void without_memory_to_spare_nothing_is_weighed(void **state)
{
    (void)state;
    struct held held = {0};
    struct tenure__retained retained;
    struct tenure__mark_source source = source_of(&held.heap);
    heap_open(&held.heap, 100000, 8 << 20);
    for (uint32_t i = 0; i < 100000; i++)
        born(&held, NODE, 32);
    assert_int_equal(tenure__mark_open(&held.mark, &source), 0);
    assert_int_equal(tenure__retained_open(&retained, &held.mark, 1 << 20),
                     -E2BIG);
    finish(&held);
}

static void what_takes_too_long_is_given_up(void **state)
{
    (void)state;
    struct held held = {.is_late = true};
    heap_open(&held.heap, 10, 4096);
    held.root[0] = (uint64_t)born(&held, TABLE, 32);
    assert_int_equal(weigh(&held), -ETIME);
    finish(&held);
}

/* Every block leads to the one before and to the first. */
static void too_many_joins_are_foreseen(void **state)
{
    (void)state;
    enum { BLOCKS = 600000 };
    struct held held = {0};
    struct tenure__mark_graph graph;
    struct tenure__mark_source source = source_of(&held.heap);
    struct tenure__mark_graph_limits limits = {
        .edges = 2 * BLOCKS, .joins = BLOCKS / 2, .until_ns = UINT64_MAX};
    uint64_t *first = NULL, *last = NULL;
    heap_open(&held.heap, BLOCKS, BLOCKS * 32ul);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uint64_t *block = born(&held, NODE, 16);
        block[0] = (uint64_t)last;
        block[1] = (uint64_t)first;
        first = first != NULL ? first : block;
        last = block;
    }
    held.root[0] = (uint64_t)last;
    assert_int_equal(tenure__mark_open(&held.mark, &source), 0);
    tenure__mark_words(&held.mark, held.root, 8);
    tenure__mark_run(&held.mark);
    assert_int_equal(tenure__mark_graph_build(&held.mark, &limits, &graph),
                     -E2BIG);
    limits.joins = BLOCKS;
    assert_int_equal(tenure__mark_graph_build(&held.mark, &limits, &graph), 0);
    assert_int_equal(graph.edges, 2 * BLOCKS - 3);
    tenure__mark_graph_drop(&graph);
    finish(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_retains_all_that_only_it_holds),
        cmocka_unit_test(a_list_counts_once),
        cmocka_unit_test(what_hangs_below_what_is_joined_counts_there),
        cmocka_unit_test(what_two_hold_neither_retains),
        cmocka_unit_test(a_root_that_points_inside_holds_as_well),
        cmocka_unit_test(young_and_lost_blocks_weigh_nothing),
        cmocka_unit_test(random_heaps_agree_with_the_oracle),
        cmocka_unit_test(without_memory_to_spare_nothing_is_weighed),
        cmocka_unit_test(what_takes_too_long_is_given_up),
        cmocka_unit_test(too_many_joins_are_foreseen),
    };
    return cmocka_run_group_tests_name("retained", tests, NULL, NULL);
}
