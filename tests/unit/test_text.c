/*
 * Small text: bounded, terminated, numbers as they should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/text.h"

static void text_is_cut_at_the_end_of_its_buffer(void **state)
{
    struct tenure__text text;
    char buffer[9];
    (void)state;
    memset(buffer, 'x', sizeof buffer);
    tenure__text_start(&text, buffer, 8);
    tenure__text_add(&text, "four");
    tenure__text_add(&text, "fives");
    tenure__text_add(&text, "more");
    assert_string_equal(buffer, "fourfiv");
    assert_int_equal(buffer[8], 'x');
}

static void numbers_have_at_least_their_digits(void **state)
{
    struct tenure__text text;
    char buffer[64];
    (void)state;
    tenure__text_start(&text, buffer, sizeof buffer);
    tenure__text_number(&text, 7, 4);
    tenure__text_add(&text, " ");
    tenure__text_number(&text, 12345, 4);
    tenure__text_add(&text, " ");
    tenure__text_number(&text, UINT64_MAX, 1);
    assert_string_equal(buffer, "0007 12345 18446744073709551615");
}

static void bytes_read_as_hexadecimal(void **state)
{
    struct tenure__text text;
    char buffer[16];
    (void)state;
    tenure__text_start(&text, buffer, sizeof buffer);
    tenure__text_hex(&text, (const uint8_t[]){0x00, 0xab, 0x7f}, 3);
    assert_string_equal(buffer, "00ab7f");
}

static void numbers_are_parsed_and_overflow_is_seen(void **state)
{
    const char *at = "42rest";
    uint64_t number;
    (void)state;
    assert_true(tenure__text_parse_number(&at, &number));
    assert_int_equal(number, 42);
    assert_string_equal(at, "rest");
    assert_false(tenure__text_parse_number(&at, &number));
    at = "18446744073709551615";
    assert_true(tenure__text_parse_number(&at, &number));
    assert_true(number == UINT64_MAX);
    at = "18446744073709551616";
    assert_false(tenure__text_parse_number(&at, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_at_the_end_of_its_buffer),
        cmocka_unit_test(numbers_have_at_least_their_digits),
        cmocka_unit_test(bytes_read_as_hexadecimal),
        cmocka_unit_test(numbers_are_parsed_and_overflow_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
