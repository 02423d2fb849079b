/*
 * The call tree: ids are compact and stable, parents come before children,
 * growth of the hash loses nothing, several threads agree on one id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "agent/sites.h"

#define NODES 300000u
#define RACERS 4

static uint32_t root;

static int open_tree(void **state)
{
    (void)state;
    int error = tenure__sites_open(UINT64_C(64) << 20);
    root = tenure__site_thread("main");
    return error;
}

static void a_thread_class_is_a_node_without_parent(void **state)
{
    (void)state;
    struct tenure__node node;
    assert_int_equal(root, 1);
    assert_int_equal(tenure__site_thread("main"), root);
    assert_true(tenure__site_get(root, &node));
    assert_int_equal(node.tag, TENURE__NODE_THREAD);
    assert_string_equal(node.name, "main");
    assert_int_equal(node.parent, 0);
    assert_int_equal(node.pc, 0);
}

static void long_thread_names_are_cut_at_fifteen_bytes(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t id = tenure__site_thread("0123456789abcdefgh");
    assert_true(tenure__site_get(id, &node));
    assert_string_equal(node.name, "0123456789abcde");
    assert_int_equal(tenure__site_thread("0123456789abcdeXY"), id);
}

static void the_same_frame_below_the_same_parent_is_one_node(void **state)
{
    (void)state;
    uint32_t a = tenure__site_child(root, 0x1000, false);
    assert_int_equal(tenure__site_child(root, 0x1000, false), a);
    assert_int_not_equal(tenure__site_child(root, 0x1000, true), a);
    assert_int_not_equal(tenure__site_child(root, 0x1001, false), a);
    assert_int_not_equal(tenure__site_child(a, 0x1000, false), a);
}

static void a_node_says_what_it_was_made_from(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t id = tenure__site_child(root, 0x7fffdeadbeef, true);
    assert_true(tenure__site_get(id, &node));
    assert_int_equal(node.pc, 0x7fffdeadbeef);
    assert_int_equal(node.parent, root);
    assert_int_equal(node.tag, TENURE__NODE_EXACT);
    assert_int_equal(node.gone, 0);
    assert_null(node.name);
    assert_false(tenure__site_get(0, &node));
    assert_false(tenure__site_get(tenure__sites_count() + 1, &node));
}

static uint64_t pc_of(uint32_t i)
{
    return 0x555500000000 + (uint64_t)i * 37;
}

static uint32_t parent_of(uint32_t i, const uint32_t *ids)
{
    return i < 100 ? root : ids[i / 3];
}

static void growth_of_the_hash_loses_no_node(void **state)
{
    (void)state;
    static uint32_t ids[NODES];
    uint32_t before = tenure__sites_count();
    for (uint32_t i = 0; i < NODES; i++) {
        ids[i] = tenure__site_child(parent_of(i, ids), pc_of(i), false);
        assert_true(ids[i] > parent_of(i, ids));
    }
    assert_int_equal(tenure__sites_count(), before + NODES);
    for (uint32_t i = 0; i < NODES; i++)
        assert_int_equal(tenure__site_child(parent_of(i, ids), pc_of(i), false),
                         ids[i]);
    assert_int_equal(tenure__sites_count(), before + NODES);
}

static void *race(void *ids)
{
    for (uint32_t i = 0; i < NODES / 4; i++)
        ((uint32_t *)ids)[i] =
            tenure__site_child(root, 0x666600000000 + i * 16, false);
    return NULL;
}

static void threads_that_add_the_same_nodes_agree_on_ids(void **state)
{
    (void)state;
    static uint32_t ids[RACERS][NODES / 4];
    pthread_t racer[RACERS];
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racer[i], NULL, race, ids[i]), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(racer[i], NULL);
    uint32_t split = 0;
    for (uint32_t i = 0; i < NODES / 4; i++) {
        for (int t = 0; t < RACERS; t++) {
            struct tenure__node node;
            assert_true(tenure__site_get(ids[t][i], &node));
            assert_int_equal(node.pc, 0x666600000000 + i * 16);
            split += ids[t][i] != ids[0][i];
        }
    }
    /* Only around a growth of the hash may two ids come to be. */
    assert_true(split < NODES / 1000);
}

static void a_retired_node_is_never_found_again(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t old = tenure__site_child(root, 0x700000000010, false);
    uint32_t below = tenure__site_child(old, 0x1234, false);
    /* A return address may be the first byte behind the module. */
    uint32_t last = tenure__site_child(root, 0x700000001000, false);
    uint32_t behind = tenure__site_child(root, 0x700000001001, false);
    tenure__sites_retire(0x700000000000, 0x700000001000, 7);
    assert_true(tenure__site_get(old, &node));
    assert_int_equal(node.gone, 7);
    assert_int_equal(node.parent, root);
    assert_true(tenure__site_get(last, &node));
    assert_int_equal(node.gone, 7);
    uint32_t fresh = tenure__site_child(root, 0x700000000010, false);
    assert_int_not_equal(fresh, old);
    assert_int_not_equal(tenure__site_child(fresh, 0x1234, false), below);
    assert_int_equal(tenure__site_child(root, 0x700000001001, false), behind);
}

static void names_beyond_the_table_share_one_class(void **state)
{
    (void)state;
    struct tenure__node node;
    char name[16];
    uint32_t id = 0;
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "worker-%d", i);
        id = tenure__site_thread(name);
        assert_int_not_equal(id, 0);
    }
    assert_true(tenure__site_get(id, &node));
    assert_string_equal(node.name, "other");
    assert_int_equal(tenure__site_thread("worker-0"),
                     tenure__site_thread("worker-0"));
    assert_int_not_equal(tenure__site_thread("worker-0"), id);
}

static void a_full_tree_answers_zero_and_keeps_what_it_has(void **state)
{
    (void)state;
    uint32_t last = 0, id;
    for (uint64_t pc = 0x10000; (id = tenure__site_child(root, pc, false)) != 0;
         pc++)
        last = id;
    assert_int_equal(last, tenure__sites_count());
    assert_int_equal(tenure__site_child(root, 0x1000, false),
                     tenure__site_child(root, 0x1000, false));
    assert_int_not_equal(tenure__site_child(root, 0x1000, false), 0);
    assert_true(tenure__sites_bytes() < UINT64_C(64) << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_class_is_a_node_without_parent),
        cmocka_unit_test(long_thread_names_are_cut_at_fifteen_bytes),
        cmocka_unit_test(the_same_frame_below_the_same_parent_is_one_node),
        cmocka_unit_test(a_node_says_what_it_was_made_from),
        cmocka_unit_test(growth_of_the_hash_loses_no_node),
        cmocka_unit_test(threads_that_add_the_same_nodes_agree_on_ids),
        cmocka_unit_test(a_retired_node_is_never_found_again),
        cmocka_unit_test(names_beyond_the_table_share_one_class),
        cmocka_unit_test(a_full_tree_answers_zero_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, open_tree, NULL);
}
