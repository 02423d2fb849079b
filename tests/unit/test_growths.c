/*
 * The records of resized blocks as the snapshot gets them: only those that
 * realloc has touched, sorted, with old generations at the floor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/fold.h"
#include "agent/growths.h"
#include "agent/limits.h"
#include "agent/records.h"

static uint32_t index_of[1000];
static uint32_t taken;

static int open_records(void **state)
{
    (void)state;
    return tenure__records_open(1000 * sizeof(struct tenure__record));
}

static int release_all(void **state)
{
    (void)state;
    while (taken > 0)
        tenure__record_release(index_of[--taken], 0);
    return 0;
}

static struct tenure__record *resized(uint64_t id, uint32_t generation)
{
    uint32_t index = tenure__record_take(0);
    struct tenure__record *record = tenure__record_at(index);
    index_of[taken++] = index;
    *record = (struct tenure__record){.id = id,
                                      .bytes = 300,
                                      .birth_bytes = 100,
                                      .site = 7,
                                      .generation = generation,
                                      .grown_site = 8,
                                      .resizes = 1};
    return record;
}

static void a_resized_block_is_copied_whole(void **state)
{
    (void)state;
    struct tenure__growths growths;
    resized(5, 2);
    assert_int_equal(tenure__growths_gather(&growths, 3), 0);
    assert_int_equal(growths.count, 1);
    assert_int_equal(growths.growth[0].record, 5);
    assert_int_equal(growths.growth[0].site, 7);
    assert_int_equal(growths.growth[0].generation, 2);
    assert_int_equal(growths.growth[0].birth_bytes, 100);
    assert_int_equal(growths.growth[0].bytes, 300);
    assert_int_equal(growths.growth[0].grown_site, 8);
    assert_int_equal(growths.growth[0].resizes, 1);
    tenure__growths_drop(&growths);
    assert_null(growths.growth);
}

static void growths_come_sorted_by_record(void **state)
{
    (void)state;
    struct tenure__growths growths;
    for (uint64_t i = 0; i < 500; i++)
        resized(1 + i * 211 % 500, 1);
    assert_int_equal(tenure__growths_gather(&growths, 1), 0);
    assert_int_equal(growths.count, 500);
    for (uint64_t i = 0; i < 500; i++)
        assert_int_equal(growths.growth[i].record, i + 1);
    tenure__growths_drop(&growths);
}

static void what_was_never_resized_is_left_out(void **state)
{
    (void)state;
    struct tenure__growths growths;
    resized(1, 1)->resizes = 0; /* a block of 16 MiB */
    resized(2, 1)->id = 0;      /* given back */
    resized(3, 1)->site = 0;    /* on its way */
    resized(4, 3);              /* born after the generation was closed */
    assert_int_equal(tenure__growths_gather(&growths, 2), 0);
    assert_int_equal(growths.count, 0);
    tenure__growths_drop(&growths);
}

static void generations_below_the_floor_are_lifted_to_it(void **state)
{
    (void)state;
    struct tenure__growths growths;
    uint32_t now = 2 * TENURE_GENERATIONS_KEPT;
    resized(1, 1);
    assert_int_equal(tenure__growths_gather(&growths, now), 0);
    assert_int_equal(growths.count, 1);
    assert_int_equal(growths.growth[0].generation, tenure__fold_floor(now));
    assert_true(tenure__fold_floor(now) > 1);
    tenure__growths_drop(&growths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_resized_block_is_copied_whole, release_all),
        cmocka_unit_test_teardown(growths_come_sorted_by_record, release_all),
        cmocka_unit_test_teardown(what_was_never_resized_is_left_out,
                                  release_all),
        cmocka_unit_test_teardown(generations_below_the_floor_are_lifted_to_it,
                                  release_all),
    };
    return cmocka_run_group_tests(tests, open_records, NULL);
}
