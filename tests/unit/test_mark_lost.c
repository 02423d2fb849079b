/* Lost or not, direct or indirect: rows over heaps made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/mark_lost.h"
#include "mark_check.h"
#include "mark_heap.h"

/* Marks twice, the blocks staying as they are, and leaves the second. */
struct twice {
    struct tenure__unreached first, second;
    struct tenure__losses losses;
};

static enum tenure__lost_after after = TENURE__TWO_MARKS;

static void mark_once(struct heap *heap, uint64_t root,
                      const struct tenure__unreached *before,
                      struct tenure__unreached *now,
                      struct tenure__losses *losses)
{
    struct tenure__mark mark;
    struct tenure__mark_source source = source_of(heap);
    assert_int_equal(tenure__unreached_open(now, heap->count), 0);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    tenure__mark_words(&mark, &root, 1);
    tenure__mark_run(&mark);
    assert_int_equal(
        tenure__mark_losses(&mark, 100, after, before, now, losses), 0);
    mark_check(&mark);
    tenure__mark_close(&mark);
}

static void mark_twice(struct heap *heap, uint64_t root, struct twice *twice)
{
    struct tenure__unreached none = {0};
    mark_once(heap, root, &none, &twice->first, &twice->losses);
    assert_int_equal(twice->losses.lost_blocks, 0);
    tenure__losses_close(&twice->losses);
    mark_once(heap, root, &twice->first, &twice->second, &twice->losses);
}

static void close_twice(struct twice *twice)
{
    tenure__losses_close(&twice->losses);
    tenure__unreached_close(&twice->first);
    tenure__unreached_close(&twice->second);
}

static uint64_t *site_block(struct heap *heap, uint32_t site, size_t bytes)
{
    uint64_t *block = heap_new(heap, bytes);
    heap->block[heap->count - 1].site = site;
    return block;
}

static const struct tenure_mark *row_of(const struct tenure__losses *losses,
                                        uint32_t site)
{
    for (uint32_t i = 0; i < losses->rows.count; i++)
        if (losses->rows.row[i].site == site)
            return &losses->rows.row[i];
    static const struct tenure_mark none;
    return &none;
}

static void a_block_is_lost_when_two_marks_did_not_reach_it(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *held = site_block(&heap, 1, 40);
    site_block(&heap, 2, 41);
    mark_twice(&heap, (uint64_t)held, &twice);
    assert_int_equal(twice.losses.rows.count, 1);
    assert_int_equal(row_of(&twice.losses, 2)->unreached_blocks, 1);
    assert_int_equal(row_of(&twice.losses, 2)->lost_blocks, 1);
    assert_int_equal(row_of(&twice.losses, 2)->lost_bytes, 41);
    assert_int_equal(row_of(&twice.losses, 2)->indirect_blocks, 0);
    assert_int_equal(row_of(&twice.losses, 2)->retained_bytes, 41);
    close_twice(&twice);
    heap_close(&heap);
}

static void a_block_born_anew_at_the_same_address_is_another(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__unreached none = {0}, first, second;
    struct tenure__losses losses;
    heap_open(&heap, 8, 65536);
    site_block(&heap, 1, 40);
    mark_once(&heap, 0, &none, &first, &losses);
    assert_int_equal(first.count, 1);
    tenure__losses_close(&losses);
    heap.block[0].generation = 2;
    mark_once(&heap, 0, &first, &second, &losses);
    assert_int_equal(losses.rows.row[0].unreached_blocks, 1);
    assert_int_equal(losses.lost_blocks, 0);
    tenure__losses_close(&losses);
    tenure__unreached_close(&first);
    tenure__unreached_close(&second);
    heap_close(&heap);
}

static void blocks_born_after_the_generation_closed_are_left_out(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    site_block(&heap, 1, 40);
    heap.block[0].generation = 101;
    mark_twice(&heap, 0, &twice);
    assert_int_equal(twice.losses.rows.count, 0);
    assert_int_equal(twice.second.count, 0);
    close_twice(&twice);
    heap_close(&heap);
}

static void a_lost_tree_is_one_direct_block(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *leaf = site_block(&heap, 3, 16);
    uint64_t *left = site_block(&heap, 2, 24);
    uint64_t *root = site_block(&heap, 1, 32);
    uint64_t *right = site_block(&heap, 2, 24);
    root[0] = (uint64_t)left;
    root[1] = (uint64_t)right;
    left[0] = right[0] = (uint64_t)leaf;
    mark_twice(&heap, 0, &twice);
    assert_int_equal(twice.losses.lost_blocks, 4);
    assert_int_equal(twice.losses.lost_bytes, 96);
    assert_int_equal(row_of(&twice.losses, 1)->indirect_blocks, 0);
    assert_int_equal(row_of(&twice.losses, 1)->retained_bytes, 96);
    assert_int_equal(row_of(&twice.losses, 2)->indirect_blocks, 2);
    assert_int_equal(row_of(&twice.losses, 2)->indirect_bytes, 48);
    assert_int_equal(row_of(&twice.losses, 2)->retained_bytes, 0);
    assert_int_equal(row_of(&twice.losses, 3)->indirect_blocks, 1);
    close_twice(&twice);
    heap_close(&heap);
}

static void a_block_that_points_to_itself_is_direct(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *block = site_block(&heap, 1, 32);
    block[2] = (uint64_t)block + 8;
    mark_twice(&heap, 0, &twice);
    assert_int_equal(twice.losses.lost_blocks, 1);
    assert_int_equal(row_of(&twice.losses, 1)->indirect_blocks, 0);
    close_twice(&twice);
    heap_close(&heap);
}

static void of_a_cycle_one_block_is_direct(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *a = site_block(&heap, 1, 32), *b = site_block(&heap, 1, 32);
    uint64_t *c = site_block(&heap, 1, 32);
    a[0] = (uint64_t)b;
    b[0] = (uint64_t)c;
    c[0] = (uint64_t)a;
    mark_twice(&heap, 0, &twice);
    assert_int_equal(row_of(&twice.losses, 1)->lost_blocks, 3);
    assert_int_equal(row_of(&twice.losses, 1)->indirect_blocks, 2);
    assert_int_equal(row_of(&twice.losses, 1)->retained_bytes, 96);
    close_twice(&twice);
    heap_close(&heap);
}

/* The cycle comes first by address, and is entered at a block that is not
 * its first. */
static void a_cycle_below_another_block_is_all_indirect(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *a = site_block(&heap, 1, 32), *b = site_block(&heap, 1, 32);
    uint64_t *top = site_block(&heap, 2, 32);
    a[0] = (uint64_t)b;
    b[0] = (uint64_t)a;
    top[3] = (uint64_t)b;
    mark_twice(&heap, 0, &twice);
    assert_int_equal(row_of(&twice.losses, 1)->indirect_blocks, 2);
    assert_int_equal(row_of(&twice.losses, 1)->retained_bytes, 0);
    assert_int_equal(row_of(&twice.losses, 2)->indirect_blocks, 0);
    assert_int_equal(row_of(&twice.losses, 2)->retained_bytes, 96);
    close_twice(&twice);
    heap_close(&heap);
}

static const struct tenure_loss *loss_of(const struct tenure__losses *losses,
                                         uint32_t site)
{
    for (uint32_t i = 0; i < losses->loss_count; i++)
        if (losses->loss[i].site == site)
            return &losses->loss[i];
    fail_msg("no loss of site %u", site);
    return NULL;
}

/* As a parser calls itself: the sites of the tree are all of its levels, and
 * one of them is that of the root, too. */
static void losses_of_sites_say_what_is_below_them(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *root = site_block(&heap, 1, 32),
             *child = site_block(&heap, 2, 24);
    uint64_t *again = site_block(&heap, 1, 32), *leaf = site_block(&heap, 3, 8);
    uint64_t *alone = site_block(&heap, 2, 24);
    root[0] = (uint64_t)child;
    child[0] = (uint64_t)again;
    again[0] = (uint64_t)leaf;
    again[1] = (uint64_t)root;
    memset(alone, 0, 24);
    mark_twice(&heap, 0, &twice);
    const struct tenure__losses *losses = &twice.losses;
    assert_int_equal(losses->loss_count, 3);
    assert_int_equal(loss_of(losses, 1)->direct_blocks, 1);
    assert_int_equal(loss_of(losses, 1)->direct_bytes, 32);
    assert_int_equal(loss_of(losses, 1)->indirect_blocks, 1);
    assert_int_equal(loss_of(losses, 1)->below_blocks, 3);
    assert_int_equal(loss_of(losses, 1)->below_bytes, 32 + 24 + 8);
    assert_int_equal(loss_of(losses, 1)->leader, 1);
    assert_int_equal(loss_of(losses, 2)->direct_blocks, 1);
    assert_int_equal(loss_of(losses, 2)->indirect_bytes, 24);
    assert_int_equal(loss_of(losses, 2)->below_blocks, 0);
    assert_int_equal(loss_of(losses, 2)->leader, 2);
    assert_int_equal(loss_of(losses, 3)->direct_blocks, 0);
    assert_int_equal(loss_of(losses, 3)->leader, 1);
    close_twice(&twice);
    heap_close(&heap);
}

static void the_leader_is_who_most_bytes_are_below(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 16, 65536);
    for (uint32_t site = 1; site <= 3; site++) {
        uint64_t *top = site_block(&heap, site, 64);
        for (uint32_t i = 0; i < (site == 2 ? 3 : 1); i++)
            top[i] = (uint64_t)site_block(&heap, 9, 16);
    }
    mark_twice(&heap, 0, &twice);
    assert_int_equal(loss_of(&twice.losses, 9)->leader, 2);
    assert_int_equal(loss_of(&twice.losses, 9)->indirect_blocks, 5);
    assert_int_equal(loss_of(&twice.losses, 3)->below_bytes, 16);
    close_twice(&twice);
    heap_close(&heap);
}

static void the_first_mark_tells_how_the_unreached_hang(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__unreached none = {0}, first;
    struct tenure__losses losses;
    heap_open(&heap, 8, 65536);
    uint64_t *top = site_block(&heap, 1, 32);
    top[0] = (uint64_t)site_block(&heap, 2, 24);
    mark_once(&heap, 0, &none, &first, &losses);
    assert_int_equal(losses.lost_blocks, 0);
    assert_int_equal(loss_of(&losses, 1)->below_blocks, 1);
    assert_int_equal(loss_of(&losses, 2)->leader, 1);
    tenure__losses_close(&losses);
    tenure__unreached_close(&first);
    heap_close(&heap);
}

static void as_the_process_ends_one_mark_is_enough(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__unreached none = {0}, first, second;
    struct tenure__losses losses;
    heap_open(&heap, 8, 65536);
    mark_once(&heap, 0, &none, &first, &losses);
    tenure__losses_close(&losses);
    site_block(&heap, 1, 40);
    after = TENURE__ONE_MARK;
    mark_once(&heap, 0, &first, &second, &losses);
    after = TENURE__TWO_MARKS;
    assert_int_equal(losses.lost_blocks, 1);
    assert_int_equal(loss_of(&losses, 1)->direct_bytes, 40);
    tenure__losses_close(&losses);
    tenure__unreached_close(&first);
    tenure__unreached_close(&second);
    heap_close(&heap);
}

static void marks_without_some_threads_lose_nothing(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    site_block(&heap, 1, 40);
    after = TENURE__NEVER;
    mark_twice(&heap, 0, &twice);
    after = TENURE__TWO_MARKS;
    assert_int_equal(twice.losses.lost_blocks, 0);
    assert_int_equal(row_of(&twice.losses, 1)->unreached_blocks, 1);
    assert_int_equal(twice.second.count, 1);
    close_twice(&twice);
    heap_close(&heap);
}

static void what_only_an_interior_pointer_holds_is_possible(void **state)
{
    (void)state;
    struct heap heap;
    struct twice twice;
    heap_open(&heap, 8, 65536);
    uint64_t *held = site_block(&heap, 1, 64);
    held[1] = (uint64_t)site_block(&heap, 2, 32);
    mark_twice(&heap, (uint64_t)held + 24, &twice);
    assert_int_equal(twice.losses.lost_blocks, 0);
    assert_int_equal(row_of(&twice.losses, 1)->possible_blocks, 1);
    assert_int_equal(row_of(&twice.losses, 1)->possible_bytes, 64);
    assert_int_equal(row_of(&twice.losses, 2)->possible_blocks, 1);
    close_twice(&twice);
    heap_close(&heap);
}

static void rows_are_sorted_however_many(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct heap heap;
    struct twice twice;
    heap_open(&heap, N, 8 << 20);
    for (uint32_t i = 0; i < N; i++) {
        site_block(&heap, (i * 7919) % 5003, 16);
        heap.block[i].generation = i % 97 + 1;
    }
    mark_twice(&heap, 0, &twice);
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < twice.losses.rows.count; i++) {
        const struct tenure_mark *row = &twice.losses.rows.row[i];
        blocks += row->lost_blocks;
        if (i > 0)
            assert_true(row[-1].site < row->site ||
                        (row[-1].site == row->site &&
                         row[-1].generation < row->generation));
    }
    assert_int_equal(blocks, N);
    assert_int_equal(twice.second.count, N);
    close_twice(&twice);
    heap_close(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_lost_when_two_marks_did_not_reach_it),
        cmocka_unit_test(a_block_born_anew_at_the_same_address_is_another),
        cmocka_unit_test(blocks_born_after_the_generation_closed_are_left_out),
        cmocka_unit_test(a_lost_tree_is_one_direct_block),
        cmocka_unit_test(a_block_that_points_to_itself_is_direct),
        cmocka_unit_test(of_a_cycle_one_block_is_direct),
        cmocka_unit_test(a_cycle_below_another_block_is_all_indirect),
        cmocka_unit_test(losses_of_sites_say_what_is_below_them),
        cmocka_unit_test(the_leader_is_who_most_bytes_are_below),
        cmocka_unit_test(the_first_mark_tells_how_the_unreached_hang),
        cmocka_unit_test(as_the_process_ends_one_mark_is_enough),
        cmocka_unit_test(marks_without_some_threads_lose_nothing),
        cmocka_unit_test(what_only_an_interior_pointer_holds_is_possible),
        cmocka_unit_test(rows_are_sorted_however_many),
    };
    return cmocka_run_group_tests_name("mark_lost", tests, NULL, NULL);
}
