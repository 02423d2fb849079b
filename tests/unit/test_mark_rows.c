/* Rows of a mark: found again while the table grows, sorted and whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/mark_rows.h"

static struct tenure_mark *row_of(const struct tenure__mark_rows *rows,
                                  uint32_t site, uint32_t generation)
{
    return &rows->row[tenure__mark_rows_find(rows, site, generation)];
}

static void add(struct tenure__mark_rows *rows, uint32_t site,
                uint32_t generation, uint64_t fractions)
{
    assert_true(tenure__mark_rows_add(rows, site, generation));
    row_of(rows, site, generation)->lost_bytes += fractions;
}

static void a_row_is_made_once(void **state)
{
    (void)state;
    struct tenure__mark_rows rows = {0};
    add(&rows, 3, 1, 5);
    add(&rows, 3, 2, 6);
    add(&rows, 3, 1, 5);
    assert_int_equal(rows.count, 2);
    assert_int_equal(row_of(&rows, 3, 1)->lost_bytes, 10);
    assert_int_equal(row_of(&rows, 3, 2)->lost_bytes, 6);
    tenure__mark_rows_drop(&rows);
    assert_int_equal(rows.count, 0);
}

/* Many more than the table has room for at first, in no order. */
static void rows_survive_growth_and_come_sorted(void **state)
{
    (void)state;
    struct tenure__mark_rows rows = {0};
    const uint32_t sites = 997, generations = 11;
    for (uint32_t i = 0; i < sites * generations; i++) {
        uint32_t site = i * 331 % sites, generation = 1 + i / sites;
        add(&rows, site, generation, (site + generation) * TENURE__FRACTIONS);
    }
    assert_int_equal(rows.count, sites * generations);
    tenure__mark_rows_sort(&rows);
    for (uint32_t i = 0; i < rows.count; i++) {
        assert_int_equal(rows.row[i].site, i / generations);
        assert_int_equal(rows.row[i].generation, 1 + i % generations);
        assert_int_equal(rows.row[i].lost_bytes,
                         i / generations + 1 + i % generations);
    }
    tenure__mark_rows_drop(&rows);
}

/* Three of a sample that each stand for 1.4 blocks are 4, not 3. */
static void fractions_are_rounded_once_at_the_end(void **state)
{
    (void)state;
    struct tenure__mark_rows rows = {0};
    for (int i = 0; i < 3; i++)
        add(&rows, 1, 1, TENURE__FRACTIONS * 14 / 10);
    tenure__mark_rows_sort(&rows);
    assert_int_equal(rows.row[0].lost_bytes, 4);
    tenure__mark_rows_drop(&rows);
}

static void without_sampling_a_block_is_one_block(void **state)
{
    (void)state;
    struct tenure__weight weight = tenure__weigh(100);
    assert_int_equal(tenure__whole(weight.blocks), 1);
    assert_int_equal(tenure__whole(weight.bytes), 100);
    assert_true(weight.blocks_variance <= 0 && weight.bytes_variance <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_made_once),
        cmocka_unit_test(rows_survive_growth_and_come_sorted),
        cmocka_unit_test(fractions_are_rounded_once_at_the_end),
        cmocka_unit_test(without_sampling_a_block_is_one_block),
    };
    return cmocka_run_group_tests_name("mark_rows", tests, NULL, NULL);
}
