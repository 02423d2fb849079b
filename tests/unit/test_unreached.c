/* The set that one mark leaves for the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/unreached.h"

#define HEAP UINT64_C(0x7f0000001000)

static void a_block_is_its_address_and_its_generation(void **state)
{
    (void)state;
    struct tenure__unreached set;
    assert_int_equal(tenure__unreached_open(&set, 2), 0);
    tenure__unreached_add(&set, HEAP, 7);
    tenure__unreached_add(&set, HEAP + 8, 8);
    assert_true(tenure__unreached_has(&set, HEAP, 7));
    assert_true(tenure__unreached_has(&set, HEAP + 8, 8));
    assert_false(tenure__unreached_has(&set, HEAP, 8));
    assert_false(tenure__unreached_has(&set, HEAP + 8, 7));
    assert_false(tenure__unreached_has(&set, HEAP + 16, 7));
    assert_false(tenure__unreached_has(&set, 0, 0));
    tenure__unreached_close(&set);
}

static void each_of_many_is_found(void **state)
{
    (void)state;
    struct tenure__unreached set;
    const uint32_t many = 100000;
    assert_int_equal(tenure__unreached_open(&set, many), 0);
    for (uint32_t i = 0; i < many; i++)
        tenure__unreached_add(&set, HEAP + i * 16ul, 1 + i % 1000);
    for (uint32_t i = 0; i < many; i++) {
        assert_true(tenure__unreached_has(&set, HEAP + i * 16ul, 1 + i % 1000));
        assert_false(
            tenure__unreached_has(&set, HEAP + i * 16ul + 8, 1 + i % 1000));
    }
    tenure__unreached_close(&set);
}

static void what_finds_no_room_is_left_out(void **state)
{
    (void)state;
    struct tenure__unreached set;
    assert_int_equal(tenure__unreached_open(&set, 1), 0);
    tenure__unreached_add(&set, HEAP, 1);
    tenure__unreached_add(&set, HEAP + 8, 1);
    assert_int_equal(set.count, 1);
    assert_true(tenure__unreached_has(&set, HEAP, 1));
    assert_false(tenure__unreached_has(&set, HEAP + 8, 1));
    tenure__unreached_close(&set);
}

static void where_no_mark_was_nothing_is_known(void **state)
{
    (void)state;
    struct tenure__unreached set = {0};
    assert_false(tenure__unreached_has(&set, HEAP, 1));
    tenure__unreached_close(&set);
    assert_null(set.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_its_address_and_its_generation),
        cmocka_unit_test(each_of_many_is_found),
        cmocka_unit_test(what_finds_no_room_is_left_out),
        cmocka_unit_test(where_no_mark_was_nothing_is_known),
    };
    return cmocka_run_group_tests_name("unreached", tests, NULL, NULL);
}
