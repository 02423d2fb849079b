/* Numbers as people read them, and tables that stay aligned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/json.h"
#include "report/text.h"

static void counts_have_separators_and_signs(void **state)
{
    (void)state;
    assert_string_equal(tenure_text_count(0).text, "0");
    assert_string_equal(tenure_text_count(999).text, "999");
    assert_string_equal(tenure_text_count(1000).text, "1,000");
    assert_string_equal(tenure_text_count(UINT64_MAX).text,
                        "18,446,744,073,709,551,615");
    assert_string_equal(tenure_text_count_delta(0).text, "0");
    assert_string_equal(tenure_text_count_delta(1234567).text, "+1,234,567");
    assert_string_equal(tenure_text_count_delta(INT64_MIN).text,
                        "-9,223,372,036,854,775,808");
}

static void sizes_have_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1.0 KiB"},
                 {100000, "97.7 KiB"},
                 {1048575, "1.0 MiB"},
                 {12345678, "11.8 MiB"},
                 {UINT64_MAX, "16.0 EiB"}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_string_equal(tenure_text_bytes(sizes[i].bytes).text,
                            sizes[i].text);
    assert_string_equal(tenure_text_bytes_delta(-2048).text, "-2.0 KiB");
}

static void times_are_words(void **state)
{
    (void)state;
    assert_string_equal(tenure_text_seconds(1.04).text, "1.0 s");
    assert_string_equal(tenure_text_seconds(61).text, "61 s");
    assert_string_equal(tenure_text_seconds(130).text, "2 min 10 s");
    assert_string_equal(tenure_text_seconds(7260).text, "2 h 1 min");
    assert_string_equal(tenure_text_seconds(180000).text, "2 d 2 h");
}

/* What a function prints. */
static char *printed(void (*print)(struct tenure_paper *paper))
{
    char *text = NULL;
    size_t bytes;
    struct tenure_paper paper = {.to = open_memstream(&text, &bytes)};
    assert_non_null(paper.to);
    print(&paper);
    fclose(paper.to);
    return text;
}

static void print_table(struct tenure_paper *paper)
{
    static const char *const names[] = {"A", "Size"};
    struct tenure_table table;
    tenure_table_start(&table, 2, names);
    tenure_table_add(&table, tenure_text_count(7));
    tenure_table_add(&table, tenure_text_bytes(123456789));
    tenure_table_add(&table, tenure_text_count(1234567));
    tenure_table_add(&table, tenure_text_bytes(0));
    for (size_t row = 0; row < 3; row++) {
        tenure_table_print(&table, row, paper);
        fputc('\n', paper->to);
    }
    tenure_table_drop(&table);
}

static void wide_numbers_widen_their_column(void **state)
{
    (void)state;
    char *text = printed(print_table);
    assert_string_equal(text,
                        "        A       Size\n"
                        "        7  117.7 MiB\n"
                        "1,234,567        0 B\n");
    free(text);
}

static void print_long(struct tenure_paper *paper)
{
    tenure_print_cut(paper, "abcdefghijklmnopqrstuvwxyz", 11, 0);
    fputc('|', paper->to);
    tenure_print_cut(paper, "\xc3\xa4\xc3\xb6", 10, 4);
    fputc('|', paper->to);
    tenure_print_text(paper,
                      "a\033[2Jb\nc\xc2\x9b"
                      "d");
    fputc('|', paper->to);
}

static void long_texts_lose_their_middle_and_all_their_controls(void **state)
{
    (void)state;
    char *text = printed(print_long);
    assert_string_equal(text, "abcd...wxyz|\xc3\xa4\xc3\xb6  |a [2Jb c d|");
    free(text);
}

static void print_json(struct tenure_paper *paper)
{
    struct tenure_json json = {.to = paper->to};
    tenure_json_object(&json, NULL);
    tenure_json_text(&json, "text", "a\"\\\n\x01\xff\xc3\xa4\xed\xa0\x80");
    tenure_json_array(&json, "numbers");
    tenure_json_count(&json, NULL, UINT64_MAX);
    tenure_json_signed(&json, NULL, INT64_MIN);
    tenure_json_real(&json, NULL, 0.25);
    tenure_json_null(&json, NULL);
    tenure_json_array(&json, NULL);
    tenure_json_end_array(&json);
    tenure_json_end_array(&json);
    tenure_json_end_object(&json);
}

static void json_is_exact_and_valid_for_any_bytes(void **state)
{
    (void)state;
    char *text = printed(print_json);
    assert_string_equal(
        text,
        "{\"text\": \"a\\\"\\\\\\u000a\\u0001\\ufffd\xc3\xa4\\ufffd\\ufffd"
        "\\ufffd\", \"numbers\": [18446744073709551615, "
        "-9223372036854775808, 0.25, null, []]}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_separators_and_signs),
        cmocka_unit_test(sizes_have_the_unit_that_fits),
        cmocka_unit_test(times_are_words),
        cmocka_unit_test(wide_numbers_widen_their_column),
        cmocka_unit_test(long_texts_lose_their_middle_and_all_their_controls),
        cmocka_unit_test(json_is_exact_and_valid_for_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
