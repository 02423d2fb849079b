/*
 * Mappings: cut anywhere, moved, and added by several threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/mappings.h"

struct total {
    uint64_t bytes;
    int count;
};

static void add_up(const struct tenure__mapping *mapping, void *with)
{
    struct total *total = with;
    total->bytes += mapping->end - mapping->start;
    total->count++;
}

static void expect_total(int count, uint64_t bytes)
{
    struct total total = {0};
    tenure__mappings_each(add_up, &total);
    assert_int_equal(total.count, count);
    assert_int_equal(total.bytes, bytes);
}

static int forget_all(void **state)
{
    (void)state;
    tenure__mapping_remove(0, UINT64_MAX / 2, NULL);
    return 0;
}

static void a_hole_leaves_two_mappings(void **state)
{
    (void)state;
    tenure__mapping_add(0x10000, 0x10000, 5, 2);
    tenure__mapping_remove(0x14000, 0x4000, NULL);
    expect_total(2, 0xc000);
    tenure__mapping_remove(0x10000, 0x2000, NULL);
    tenure__mapping_remove(0x1f000, 0x1000, NULL);
    expect_total(2, 0x9000);
}

static void one_range_may_end_several(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        tenure__mapping_add(0x100000 * (i + 1), 0x1000, 5, 2);
    tenure__mapping_remove(0x200000, 0x400000, NULL);
    expect_total(6, 0x6000);
}

static void the_first_of_a_range_is_told(void **state)
{
    struct tenure__mapping first;
    (void)state;
    tenure__mapping_add(0x10000, 0x10000, 5, 2);
    tenure__mapping_remove(0x10000, 0x10000, &first);
    assert_int_equal(first.site, 5);
    assert_int_equal(first.generation, 2);
    expect_total(0, 0);
    tenure__mapping_remove(0x10000, 0x10000, &first);
    assert_true(first.start == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_hole_leaves_two_mappings, forget_all),
        cmocka_unit_test_teardown(one_range_may_end_several, forget_all),
        cmocka_unit_test_teardown(the_first_of_a_range_is_told, forget_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
