/* Who holds a site, over heaps made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/retain.h"
#include "agent/sites.h"
#include "mark_check.h"
#include "mark_heap.h"

enum { TABLE = 1, NODE = 2, VALUE = 3, OTHER = 4, SITES = 100 };

struct held {
    struct heap heap;
    struct tenure__mark mark;
    struct tenure__retain retain;
    uint64_t root[8];
};

static uint64_t *born(struct held *held, uint32_t site, uint32_t generation,
                      size_t bytes)
{
    uint64_t *block = heap_new(&held->heap, bytes);
    held->heap.block[held->heap.count - 1].site = site;
    held->heap.block[held->heap.count - 1].generation = generation;
    return block;
}

static void look(struct held *held)
{
    struct tenure__mark_source source = source_of(&held->heap);
    struct tenure__root root = {.kind = TENURE_RETAINER_STACK, .tid = 7};
    assert_int_equal(tenure__mark_open(&held->mark, &source), 0);
    tenure__mark_words(&held->mark, held->root, 8);
    tenure__mark_run(&held->mark);
    mark_check(&held->mark);
    assert_int_equal(tenure__retain_find(&held->retain, &held->mark, 9, SITES),
                     0);
    tenure__retain_root(&root, held->root, 8, (uint64_t)held->root,
                        &held->retain);
    tenure__retain_end(&held->retain);
}

static void finish(struct held *held)
{
    tenure__mark_close(&held->mark);
    heap_close(&held->heap);
}

/* The container of a site, or NULL. */
static const struct tenure_container *container_of(const struct held *held,
                                                   uint32_t site)
{
    for (uint32_t i = 0; i < held->retain.container_count; i++)
        if (held->retain.container[i].site == site)
            return &held->retain.container[i];
    return NULL;
}

/* The records of a site, in order; how many. */
static uint32_t way_of(const struct held *held, uint32_t site,
                       const struct tenure_retainer **way)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < held->retain.count; i++)
        if (held->retain.retainer[i].site == site) {
            assert_true(held->retain.retainer[i].step == 0 ||
                        held->retain.retainer[i].step ==
                            way[count - 1]->step + 1);
            way[count++] = &held->retain.retainer[i];
        }
    return count;
}

static void a_table_that_holds_all_is_the_container(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *table = born(&held, TABLE, 1, 8000);
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, NODE, i / 100 + 1, 32);
        table[i] = (uint64_t)node;
        node[2] = (uint64_t)born(&held, VALUE, i / 100 + 1, 100);
    }
    held.root[5] = (uint64_t)table;
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), 3);
    assert_int_equal(way[0]->kind, TENURE_RETAINER_STACK);
    assert_int_equal(way[0]->what, 7);
    assert_int_equal(way[0]->address, (uint64_t)&held.root[5]);
    assert_int_equal(way[0]->share, 10000);
    assert_int_equal(way[1]->kind, TENURE_RETAINER_TABLE);
    assert_int_equal(way[1]->what, TABLE);
    assert_int_equal(way[1]->share, 10000);
    assert_int_equal(way[1]->address, (uint64_t)table);
    assert_int_equal(way[2]->kind, TENURE_RETAINER_BLOCKS);
    assert_int_equal(way[2]->what, NODE);
    assert_int_equal(way[2]->share, 10000);
    assert_int_equal(way[2]->offset, 16);
    assert_int_equal(way_of(&held, NODE, way), 2);
    assert_int_equal(way[1]->what, TABLE);
    finish(&held);
}

static void a_long_list_is_one_step(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    uint64_t *last;
    heap_open(&held.heap, 200000, 32 << 20);
    uint64_t *list = born(&held, TABLE, 1, 64);
    last = &list[3];
    for (uint32_t i = 0; i < 90000; i++) {
        uint64_t *node = born(&held, NODE, i / 10000 + 1, 32);
        *last = (uint64_t)node;
        last = node;
        node[1] = (uint64_t)born(&held, VALUE, i / 10000 + 1, 40);
    }
    held.root[0] = (uint64_t)list;
    look(&held);
    assert_int_equal(way_of(&held, NODE, way), 2);
    assert_int_equal(way[1]->kind, TENURE_RETAINER_BLOCK);
    assert_int_equal(way[1]->what, TABLE);
    assert_int_equal(way[1]->offset, 24);
    assert_int_equal(way[1]->share, 10000);
    assert_int_equal(way_of(&held, VALUE, way), 3);
    assert_int_equal(way[1]->what, TABLE);
    assert_int_equal(way[2]->kind, TENURE_RETAINER_CHAIN);
    assert_int_equal(way[2]->what, NODE);
    assert_int_equal(way[2]->share, 10000);
    assert_int_equal(way[2]->offset, 8);
    finish(&held);
}

static void a_holder_of_most_wins_over_one_of_few(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    heap_open(&held.heap, 1000, 1 << 20);
    uint64_t *few = born(&held, OTHER, 1, 800);
    uint64_t *most = born(&held, TABLE, 1, 800);
    for (uint32_t i = 0; i < 100; i++)
        (i < 20 ? few : most)[i] = (uint64_t)born(&held, VALUE, 5, 48);
    held.root[0] = (uint64_t)few;
    held.root[1] = (uint64_t)most;
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), 4);
    assert_int_equal(way[0]->share, 8000);
    assert_int_equal(way[1]->what, TABLE);
    assert_int_equal(way[1]->share, 8000);
    assert_int_equal(way[2]->step, 0);
    assert_int_equal(way[2]->share, 2000);
    assert_int_equal(way[3]->what, OTHER);
    assert_int_equal(way[3]->share, 2000);
    assert_int_equal(way[3]->kind, TENURE_RETAINER_TABLE);
    assert_null(container_of(&held, VALUE));
    finish(&held);
}

static void only_the_newest_cohort_votes(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    heap_open(&held.heap, 1000, 1 << 20);
    uint64_t *before = born(&held, OTHER, 1, 800);
    uint64_t *now = born(&held, TABLE, 1, 800);
    for (uint32_t i = 0; i < 100; i++)
        (i < 80 ? before : now)[i] =
            (uint64_t)born(&held, VALUE, i < 80 ? 2 : 9, 48);
    held.root[0] = (uint64_t)before;
    held.root[1] = (uint64_t)now;
    born(&held, VALUE, 10, 48); /* after the generation has closed */
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), 2);
    assert_int_equal(way[1]->what, TABLE);
    assert_int_equal(way[1]->share, 10000);
    finish(&held);
}

static void what_nobody_holds_has_no_way(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    heap_open(&held.heap, 10, 4096);
    born(&held, VALUE, 1, 48);
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), 0);
    finish(&held);
}

static void a_table_with_a_word_for_each_bounds_them(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *table = born(&held, TABLE, 1, 8000);
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, NODE, i / 100 + 1, 32);
        table[i] = (uint64_t)node;
        node[2] = (uint64_t)born(&held, VALUE, i / 100 + 1, 100);
    }
    held.root[5] = (uint64_t)table;
    look(&held);
    for (uint32_t site = NODE; site <= VALUE; site++) {
        const struct tenure_container *of = container_of(&held, site);
        assert_non_null(of);
        assert_int_equal(of->kind, TENURE_RETAINER_BLOCK);
        assert_int_equal(of->what, TABLE);
        assert_int_equal(of->generation, 1);
        assert_int_equal(of->flags, 0);
        assert_int_equal(of->share, 10000);
        assert_int_equal(of->words, 1000);
        assert_int_equal(of->filled, 900);
        assert_int_equal(of->blocks, 900);
    }
    finish(&held);
}

static void chains_have_more_blocks_than_their_table_has_words(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *table = born(&held, TABLE, 3, 800);
    held.heap.block[held.heap.count - 1].is_resized = true;
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, NODE, i / 100 + 1, 32);
        node[0] = table[i % 100];
        table[i % 100] = (uint64_t)node;
    }
    held.root[5] = (uint64_t)table;
    look(&held);
    const struct tenure_container *of = container_of(&held, NODE);
    assert_non_null(of);
    assert_int_equal(of->generation, 3);
    assert_int_equal(of->flags, TENURE_CONTAINER_RESIZED);
    assert_int_equal(of->filled, 100);
    assert_int_equal(of->blocks, 900);
    finish(&held);
}

static void words_of_a_list_count_as_one_container(void **state)
{
    (void)state;
    struct held held = {0};
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *list = born(&held, TABLE, 1, 64), *last = &list[2];
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, NODE, i / 100 + 1, 32);
        *last = (uint64_t)node;
        last = node;
    }
    held.root[5] = (uint64_t)list;
    look(&held);
    const struct tenure_container *of = container_of(&held, NODE);
    assert_non_null(of);
    assert_int_equal(of->filled, 1);
    assert_int_equal(of->words, 8);
    assert_int_equal(of->blocks, 900);
    finish(&held);
}

static void long_ways_keep_the_steps_next_to_the_root(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[64];
    heap_open(&held.heap, 100, 1 << 20);
    uint64_t *last = &held.root[0];
    for (uint32_t i = 0; i < 61; i++) {
        uint64_t *block = born(&held, i % 2 ? TABLE : NODE, 1, 64 + 8 * i);
        *last = (uint64_t)block;
        last = block;
    }
    *last = (uint64_t)born(&held, VALUE, 1, 24);
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), TENURE_RETAIN_STEPS + 1);
    assert_int_equal(way[0]->kind, TENURE_RETAINER_STACK);
    for (uint32_t i = 1; i <= TENURE_RETAIN_STEPS; i++)
        assert_int_equal(way[i]->address, held.heap.block[i - 1].address);
    finish(&held);
}

/* A list whose cells lead to one another over something else. */
static void what_comes_back_on_the_way_is_two_steps(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[64];
    heap_open(&held.heap, 300000, 32 << 20);
    uint64_t *last = &held.root[0];
    for (uint32_t i = 0; i < 90000; i++) {
        uint64_t *outer = born(&held, NODE, i / 10000 + 1, 32);
        uint64_t *inner = born(&held, OTHER, i / 10000 + 1, 48);
        *last = (uint64_t)outer;
        outer[1] = (uint64_t)inner;
        last = &inner[2];
        inner[4] = (uint64_t)born(&held, VALUE, i / 10000 + 1, 40);
    }
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), 3);
    assert_int_equal(way[0]->kind, TENURE_RETAINER_STACK);
    assert_int_equal(way[1]->kind, TENURE_RETAINER_CHAIN);
    assert_int_equal(way[1]->what, NODE);
    assert_int_equal(way[1]->address, held.heap.block[0].address);
    assert_int_equal(way[1]->offset, 8);
    assert_int_equal(way[2]->kind, TENURE_RETAINER_CHAIN);
    assert_int_equal(way[2]->what, OTHER);
    assert_int_equal(way[2]->offset, 32);
    assert_int_equal(way[2]->share, 10000);
    finish(&held);
}

/* A table of cells, of which each has a table of cells: nothing repeats. */
static void what_comes_back_once_is_no_chain(void **state)
{
    (void)state;
    enum { CELL = OTHER, STEPS = 7 };
    static const uint32_t site[STEPS] = {0,    NODE,  TABLE, CELL,
                                         NODE, TABLE, CELL};
    static const uint64_t offset[STEPS] = {0, 8, 48, 16, 8, 0, 0};
    struct held held = {0};
    const struct tenure_retainer *way[64];
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *outer = born(&held, NODE, 1, 32);
    uint64_t *keys = born(&held, TABLE, 1, 4000);
    uint64_t *key = born(&held, CELL, 1, 24);
    uint64_t *inner = born(&held, NODE, 1, 32);
    uint64_t *table = born(&held, TABLE, 1, 4000);
    held.root[0] = (uint64_t)outer;
    outer[1] = (uint64_t)keys;
    keys[6] = (uint64_t)key;
    key[2] = (uint64_t)inner;
    inner[1] = (uint64_t)table;
    for (uint32_t i = 0; i < 400; i++) {
        table[i] = (uint64_t)born(&held, CELL, 1, 24);
        *(uint64_t *)table[i] = (uint64_t)born(&held, VALUE, 1, 100);
    }
    look(&held);
    assert_int_equal(way_of(&held, VALUE, way), STEPS);
    for (uint32_t i = 1; i < STEPS; i++) {
        assert_int_equal(way[i]->kind, i == 5   ? TENURE_RETAINER_TABLE
                                       : i == 6 ? TENURE_RETAINER_BLOCKS
                                                : TENURE_RETAINER_BLOCK);
        assert_int_equal(way[i]->what, site[i]);
        assert_true(i == 5 || way[i]->offset == offset[i]);
    }
    finish(&held);
}

static void two_in_a_row_are_no_chain_and_three_are(void **state)
{
    (void)state;
    for (uint32_t nodes = 1; nodes <= 3; nodes++) {
        static const uint32_t kind[] = {0, TENURE_RETAINER_BLOCK,
                                        TENURE_RETAINER_BLOCKS,
                                        TENURE_RETAINER_CHAIN};
        struct held held = {0};
        const struct tenure_retainer *way[64];
        heap_open(&held.heap, 100, 1 << 16);
        uint64_t *last = &held.root[0];
        for (uint32_t i = 0; i < nodes; i++) {
            *last = (uint64_t)born(&held, NODE, 1, 32);
            last = (uint64_t *)*last;
        }
        last[1] = (uint64_t)born(&held, VALUE, 1, 40);
        look(&held);
        assert_int_equal(way_of(&held, VALUE, way), 2);
        assert_int_equal(way[1]->kind, kind[nodes]);
        finish(&held);
    }
}

/* The malloc of `pc`, called from so many places. */
static void make_sites(uint32_t *site, uint32_t sites, uint64_t pc)
{
    uint32_t thread = tenure__site_thread("main");
    for (uint32_t i = 0; i < sites; i++)
        site[i] = tenure__site_child(
            tenure__site_child(thread, 0x1000 + 16 * i, false), pc, false);
}

static void a_list_that_many_places_fill_is_one_step(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[64];
    uint32_t site[20], value;
    make_sites(&value, 1, 0x8000);
    make_sites(site, 20, 0x9000);
    heap_open(&held.heap, 3000, 1 << 20);
    uint64_t *last = &held.root[0];
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, site[i * i % 20], i / 100 + 1, 32);
        *last = (uint64_t)node;
        last = node;
        node[1] = (uint64_t)born(&held, value, i / 100 + 1, 40);
    }
    look(&held);
    assert_int_equal(way_of(&held, value, way), 2);
    assert_int_equal(way[1]->kind, TENURE_RETAINER_CHAIN);
    assert_int_equal(way[1]->what, site[0]);
    assert_int_equal(way[1]->share, 10000);
    finish(&held);
}

static void what_a_wrapper_hands_out_is_told_apart_by_its_caller(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[64];
    uint32_t site[8];
    make_sites(site, 8, 0xa000);
    heap_open(&held.heap, 3000, 1 << 20);
    for (uint32_t i = 0; i < 6; i++)
        held.root[2 + i] = (uint64_t)born(&held, site[2 + i], 1, 100 + 8 * i);
    uint64_t *last = &held.root[0];
    for (uint32_t i = 0; i < 900; i++) {
        uint64_t *node = born(&held, site[0], i / 100 + 1, 32);
        *last = (uint64_t)node;
        last = node;
        node[1] = (uint64_t)born(&held, site[1], i / 100 + 1, 32);
    }
    look(&held);
    assert_int_equal(way_of(&held, site[1], way), 2);
    assert_int_equal(way[1]->kind, TENURE_RETAINER_CHAIN);
    assert_int_equal(way[1]->what, site[0]);
    assert_int_equal(way[1]->offset, 8);
    finish(&held);
}

static void roots_of_several_threads_are_one_way(void **state)
{
    (void)state;
    struct held held = {0};
    const struct tenure_retainer *way[32];
    heap_open(&held.heap, 1000, 1 << 20);
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t *node = born(&held, NODE, 1, 32);
        node[0] = held.root[i % 4];
        node[1] = (uint64_t)born(&held, VALUE, 1, 48);
        held.root[i % 4] = (uint64_t)node;
    }
    struct tenure__mark_source source = source_of(&held.heap);
    assert_int_equal(tenure__mark_open(&held.mark, &source), 0);
    tenure__mark_words(&held.mark, held.root, 8);
    tenure__mark_run(&held.mark);
    assert_int_equal(tenure__retain_find(&held.retain, &held.mark, 9, SITES),
                     0);
    for (uint32_t i = 0; i < 4; i++) {
        struct tenure__root root = {.kind = TENURE_RETAINER_TLS, .tid = 7 + i};
        tenure__retain_root(&root, &held.root[i], 1, (uint64_t)&held.root[i],
                            &held.retain);
    }
    tenure__retain_end(&held.retain);
    assert_int_equal(way_of(&held, VALUE, way), 2);
    assert_int_equal(way[0]->kind, TENURE_RETAINER_TLS);
    assert_int_equal(way[0]->share, 10000);
    assert_int_equal(way[0]->what, 0);
    assert_int_equal(way[0]->address, 4);
    finish(&held);
}

static int open_sites(void **state)
{
    (void)state;
    return tenure__sites_open(UINT64_C(64) << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_holds_all_is_the_container),
        cmocka_unit_test(a_long_list_is_one_step),
        cmocka_unit_test(a_holder_of_most_wins_over_one_of_few),
        cmocka_unit_test(only_the_newest_cohort_votes),
        cmocka_unit_test(what_nobody_holds_has_no_way),
        cmocka_unit_test(a_table_with_a_word_for_each_bounds_them),
        cmocka_unit_test(chains_have_more_blocks_than_their_table_has_words),
        cmocka_unit_test(words_of_a_list_count_as_one_container),
        cmocka_unit_test(long_ways_keep_the_steps_next_to_the_root),
        cmocka_unit_test(what_comes_back_on_the_way_is_two_steps),
        cmocka_unit_test(what_comes_back_once_is_no_chain),
        cmocka_unit_test(two_in_a_row_are_no_chain_and_three_are),
        cmocka_unit_test(a_list_that_many_places_fill_is_one_step),
        cmocka_unit_test(what_a_wrapper_hands_out_is_told_apart_by_its_caller),
        cmocka_unit_test(roots_of_several_threads_are_one_way),
    };
    return cmocka_run_group_tests_name("retain", tests, open_sites, NULL);
}
