/*
 * The agent's fold: rows are sums of what is alive, a block that realloc
 * moves while the fold looks is counted once, old generations merge at the
 * floor; and from two folds the late frees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/blocks.h"
#include "agent/fold.h"
#include "agent/limits.h"
#include "agent/population.h"
#include "agent/records.h"

static int open_tables(void **state)
{
    (void)state;
    return tenure__blocks_open(5, false) |
           tenure__records_open(1000 * sizeof(struct tenure__record));
}

static int clear(void **state)
{
    (void)state;
    tenure__blocks = (struct tenure__blocks){0};
    return tenure__blocks_open(5, false);
}

static void put(uint64_t address, uint64_t value)
{
    assert_non_null(tenure__block_slot_new(address));
    *tenure__block_slot(address) = value | tenure__block_half(address);
}

static struct tenure__rows fold_at(uint32_t generation)
{
    struct tenure__folded folded;
    tenure__fold(generation, &folded);
    tenure__cells_drop(&folded.cells);
    tenure__rows_drop(&folded.spread);
    assert_int_equal(folded.rows.error, 0);
    return folded.rows;
}

static void expect_row(const struct tenure__rows *rows, size_t at,
                       uint32_t site, uint32_t generation, uint64_t blocks,
                       uint64_t bytes)
{
    assert_true(at < rows->count);
    assert_int_equal(rows->row[at].site, site);
    assert_int_equal(rows->row[at].generation, generation);
    assert_int_equal(rows->row[at].blocks, blocks);
    assert_int_equal(rows->row[at].bytes, bytes);
}

static void rows_are_sums_sorted_by_site_and_generation(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3000; i++)
        put(0x10000 + 32 * i, tenure__slot_make(300 - i % 3, 2 - i % 2, 10));
    struct tenure__rows rows = fold_at(2);
    assert_int_equal(rows.count, 6);
    expect_row(&rows, 0, 298, 1, 500, 5000);
    expect_row(&rows, 1, 298, 2, 500, 5000);
    expect_row(&rows, 5, 300, 2, 500, 5000);
    tenure__rows_drop(&rows);
}

static void births_after_the_close_are_of_the_next_generation(void **state)
{
    (void)state;
    put(0x20000, tenure__slot_make(1, 5, 10));
    put(0x20020, tenure__slot_make(1, 6, 10));
    struct tenure__rows rows = fold_at(5);
    assert_int_equal(rows.count, 2);
    expect_row(&rows, 0, 1, 5, 1, 10);
    expect_row(&rows, 1, 1, 6, 1, 10);
    tenure__rows_drop(&rows);
}

static uint32_t record_of(uint32_t site, uint64_t bytes)
{
    uint32_t index = tenure__record_take(0);
    struct tenure__record *record = tenure__record_at(index);
    *record = (struct tenure__record){
        .bytes = bytes, .site = site, .generation = 1, .resizes = 1};
    record->id = index;
    return index;
}

static void a_moving_block_is_counted_once(void **state)
{
    (void)state;
    /* Between two addresses: no slot at all. */
    uint32_t between = record_of(9, 111);
    /* Seen at both: two slots with one record. */
    uint32_t twice = record_of(9, 222);
    put(0x30000, tenure__slot_make(9, 1, twice) | TENURE_SLOT_EXT);
    put(0x90000, tenure__slot_make(9, 1, twice) | TENURE_SLOT_EXT);
    struct tenure__rows rows = fold_at(1);
    assert_int_equal(rows.count, 1);
    expect_row(&rows, 0, 9, 1, 2, 333);
    tenure__rows_drop(&rows);
    tenure__record_release(between, 0);
    tenure__record_release(twice, 0);
}

static void old_generations_merge_at_the_floor(void **state)
{
    (void)state;
    uint32_t now = TENURE_GENERATIONS_KEPT + 100;
    put(0x40000, tenure__slot_make(1, 5, 10));
    put(0x40020, tenure__slot_make(1, 99, 10));
    put(0x40040, tenure__slot_make(1, 101, 10));
    struct tenure__rows rows = fold_at(now);
    assert_int_equal(tenure__fold_floor(now), 100);
    assert_int_equal(rows.count, 2);
    expect_row(&rows, 0, 1, 100, 2, 20);
    expect_row(&rows, 1, 1, 101, 1, 10);
    tenure__rows_drop(&rows);
    /* The slots were lifted: their bits stay in reach of later folds. */
    assert_int_equal(tenure__slot_generation(*tenure__block_slot(0x40000), now),
                     100);
}

static struct tenure__rows rows_of(uint64_t old_blocks, uint64_t new_blocks)
{
    struct tenure__rows rows = {0};
    tenure__rows_add(&rows, 7, 1, old_blocks, old_blocks * 10);
    tenure__rows_add(&rows, 7, 3, new_blocks, new_blocks * 10);
    tenure__rows_sort(&rows);
    return rows;
}

static void late_frees_are_deaths_after_two_generation_ends(void **state)
{
    (void)state;
    struct tenure__population population = {0};
    struct tenure__rows first = rows_of(100, 100), late;
    tenure__population_age(&population, &first, 3);
    tenure__population_keep(&population, &first);
    struct tenure__rows second = rows_of(60, 50);
    tenure__population_age(&population, &second, 4);
    tenure__population_keep(&population, &second);
    tenure__population_late(&population, &late);
    /* Of generation 1 forty died in 4; those of 3 had survived but one. */
    assert_int_equal(late.count, 1);
    expect_row(&late, 0, 7, 0, 40, 400);
    tenure__rows_drop(&late);
    tenure__rows_drop(&population.before);
    tenure__rows_drop(&population.late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rows_are_sums_sorted_by_site_and_generation,
                               clear),
        cmocka_unit_test_setup(
            births_after_the_close_are_of_the_next_generation, clear),
        cmocka_unit_test_setup(a_moving_block_is_counted_once, clear),
        cmocka_unit_test_setup(old_generations_merge_at_the_floor, clear),
        cmocka_unit_test(late_frees_are_deaths_after_two_generation_ends),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
