/*
 * Who could do more than another: only what cannot be won back counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/types.h>
#include <unistd.h>

#include "agent/credentials.h"

static struct tenure__credentials user(uint32_t real, uint32_t effective,
                                       uint32_t saved)
{
    return (struct tenure__credentials){.uid = {real, effective, saved}};
}

static void the_callers_own_are_what_libc_says(void **state)
{
    struct tenure__credentials mine;
    uid_t uid[3];
    gid_t gid[3];
    (void)state;
    tenure__credentials_read(&mine);
    assert_int_equal(getresuid(&uid[0], &uid[1], &uid[2]), 0);
    assert_int_equal(getresgid(&gid[0], &gid[1], &gid[2]), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mine.uid[i], uid[i]);
        assert_int_equal(mine.gid[i], gid[i]);
    }
    assert_int_equal(mine.group_count, getgroups(0, NULL));
    assert_false(tenure__credentials_exceed(&mine, &mine));
}

static void a_user_that_can_be_taken_back_is_no_excess(void **state)
{
    struct tenure__credentials root = user(0, 0, 0);
    struct tenure__credentials for_a_while = user(0, 1000, 0);
    struct tenure__credentials for_good = user(1000, 1000, 1000);
    (void)state;
    assert_false(tenure__credentials_exceed(&root, &for_a_while));
    assert_true(tenure__credentials_exceed(&root, &for_good));
    assert_true(tenure__credentials_exceed(&for_a_while, &for_good));
    assert_true(tenure__credentials_exceed(&for_good, &root));
}

static void capabilities_count_by_what_is_permitted(void **state)
{
    struct tenure__credentials many = {.permitted = 0x3ffffffffff};
    struct tenure__credentials few = {.permitted = 0x400};
    (void)state;
    assert_true(tenure__credentials_exceed(&many, &few));
    assert_false(tenure__credentials_exceed(&few, &many));
}

static void other_groups_are_an_excess(void **state)
{
    struct tenure__credentials some = {.group_count = 2, .group_hash = 7};
    struct tenure__credentials none = {.group_count = 0};
    struct tenure__credentials others = {.group_count = 2, .group_hash = 8};
    (void)state;
    assert_true(tenure__credentials_exceed(&some, &none));
    assert_true(tenure__credentials_exceed(&some, &others));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callers_own_are_what_libc_says),
        cmocka_unit_test(a_user_that_can_be_taken_back_is_no_excess),
        cmocka_unit_test(capabilities_count_by_what_is_permitted),
        cmocka_unit_test(other_groups_are_an_excess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
