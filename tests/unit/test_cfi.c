/*
 * Call frame information: the number encodings, expressions, and programs
 * written by hand, beside entries of real objects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent/cfi.h"

static struct tenure__cfi_entry entry;
static struct tenure__cfi_work work;

static struct tenure__cursor over(const void *data, size_t bytes)
{
    return (struct tenure__cursor){(uint64_t)data, (uint64_t)data + bytes,
                                   false};
}

static void numbers_are_read_as_dwarf_writes_them(void **state)
{
    (void)state;
    /* The examples of DWARF 5, figures 22 and 23. */
    struct tenure__cursor c = over("\x80\x7f\x81\x7f\xb9\x64", 6);
    assert_int_equal(tenure__cursor_sleb(&c), -128);
    assert_int_equal(tenure__cursor_sleb(&c), -127);
    assert_int_equal(tenure__cursor_uleb(&c), 12857);
    assert_false(c.bad);
    c = over("\xff\xff\xff\xff\x01\x80", 6);
    assert_int_equal(tenure__cursor_signed(&c, 4), -1);
    assert_int_equal(tenure__cursor_fixed(&c, 2), 0x8001);
}

static void reading_beyond_the_end_yields_zero_and_a_mark(void **state)
{
    (void)state;
    struct tenure__cursor c = over("\x80\x80", 2);
    tenure__cursor_uleb(&c);
    assert_true(c.bad);
    c = over("\x01\x02\x03", 3);
    assert_int_equal(tenure__cursor_fixed(&c, 4), 0);
    assert_true(c.bad);
}

static void pointers_are_relative_to_where_they_stand(void **state)
{
    (void)state;
    int32_t word = -16;
    struct tenure__cursor c = over(&word, 4);
    assert_int_equal(tenure__cursor_pointer(&c, 0x1b, 0), (uint64_t)&word - 16);
    c = over(&word, 4);
    assert_int_equal(tenure__cursor_pointer(&c, 0x3b, 1000), 984);
    c = over(&word, 4);
    tenure__cursor_pointer(&c, 0x50, 0);
    assert_true(c.bad);
}

static bool read_word(void *context, uint64_t address, uint64_t *value)
{
    (void)context;
    *value = address + 1;
    return address != 0;
}

static bool evaluate(const char *bytes, size_t length, uint64_t *result)
{
    struct tenure__registers registers = {.known = 1u << 3};
    const struct tenure__reader reader = {read_word, NULL};
    registers.value[3] = 1000;
    char expression[40] = {(char)length};
    memcpy(expression + 1, bytes, length);
    return tenure__cfi_evaluate((uint64_t)expression, &registers, NULL, &reader,
                                result);
}

static void expressions_compute_on_registers_and_memory(void **state)
{
    (void)state;
    uint64_t result;
    assert_true(evaluate("\x73\x78", 2, &result)); /* breg3 -8 */
    assert_int_equal(result, 992);
    assert_true(evaluate("\x73\x00\x06", 3, &result)); /* deref */
    assert_int_equal(result, 1001);
    /* lit15 and lit11 ge lit3 shl, as in procedure linkage tables */
    assert_true(evaluate("\x08\x5c\x3f\x1a\x3b\x2a\x33\x24", 8, &result));
    assert_int_equal(result, 8);
    assert_true(evaluate("\x35\x32\x16\x1c", 4, &result)); /* swap minus */
    assert_int_equal((int64_t)result, -3);
    assert_true(evaluate("\x31\x32\x33\x17\x22\x24", 6, &result)); /* rot */
    assert_int_equal(result, 3 << (1 + 2));
}

static void expressions_fail_where_something_is_missing(void **state)
{
    (void)state;
    uint64_t result;
    assert_false(evaluate("\x74\x00", 2, &result)); /* register 4: unknown */
    assert_false(evaluate("\x30\x06", 2, &result)); /* memory at 0 */
    assert_false(evaluate("\x22", 1, &result));     /* nothing to add */
    assert_false(evaluate("\x31\x30\x1b", 3, &result)); /* 1 / 0 */
    assert_false(evaluate("\x2f\xfd\xff", 3, &result)); /* for ever */
    assert_false(evaluate("\x2f\x00\x80", 3, &result)); /* out of it */
    assert_false(evaluate("\xf3", 1, &result));         /* no such operation */
    assert_false(evaluate("", 0, &result));
}

/* Runs a program whose common part is `def_cfa sp, 8; offset pc at -8`. */
static int execute(const char *program, size_t bytes, uint64_t pc)
{
    static const char common[] = {0x0c, TENURE_ARCH_SP, 8, (char)(0x80 | 16),
                                  1};
    entry = (struct tenure__cfi_entry){.start = 0x1000,
                                       .end = 0x2000,
                                       .common = (uint64_t)common,
                                       .common_end =
                                           (uint64_t)common + sizeof common,
                                       .program = (uint64_t)program,
                                       .program_end = (uint64_t)program + bytes,
                                       .code_align = 1,
                                       .data_align = -8};
    return tenure__cfi_execute(&entry, pc, &work);
}

static void a_program_holds_up_to_the_pc(void **state)
{
    (void)state;
    /* at +1: CFA offset 16, register 6 at -16; at +4: CFA by register 6 */
    const char push[] = "\x41\x0e\x10\x86\x02\x43\x0d\x06";
    assert_int_equal(execute(push, 8, 0x1000), 0);
    assert_int_equal(work.row.cfa_offset, 8);
    assert_int_equal(work.row.kind[6], TENURE__CFI_SAME);
    assert_int_equal(execute(push, 8, 0x1001), 0);
    assert_int_equal(work.row.cfa_offset, 16);
    assert_int_equal(work.row.kind[6], TENURE__CFI_AT_CFA);
    assert_int_equal(work.row.value[6], -16);
    assert_int_equal(work.row.cfa_register, TENURE_ARCH_SP);
    assert_int_equal(execute(push, 8, 0x1004), 0);
    assert_int_equal(work.row.cfa_register, 6);
}

static void remembered_rows_come_back(void **state)
{
    (void)state;
    /* +1: 16; remember; +1: 8 and register 6 restored; recall */
    const char early[] = "\x41\x0e\x10\x86\x02\x0a\x41\x0e\x08\xc6\x41\x0b";
    assert_int_equal(execute(early, 12, 0x1002), 0);
    assert_int_equal(work.row.cfa_offset, 8);
    assert_int_equal(work.row.kind[6], TENURE__CFI_SAME);
    assert_int_equal(execute(early, 12, 0x1003), 0);
    assert_int_equal(work.row.cfa_offset, 16);
    assert_int_equal(work.row.value[6], -16);
}

static void a_damaged_program_is_bad(void **state)
{
    (void)state;
    assert_int_equal(execute("\x0b", 1, 0x1000), TENURE__CFI_BAD);
    assert_int_equal(execute("\x0a\x0a\x0a\x0a\x0a", 5, 0x1000),
                     TENURE__CFI_BAD);
    assert_int_equal(execute("\x3f", 1, 0x1000), TENURE__CFI_BAD);
    assert_int_equal(execute("\x0c\x80", 2, 0x1000), TENURE__CFI_BAD);
}

static void real_code_has_an_entry(void **state)
{
    (void)state;
    uint64_t here = (uint64_t)&real_code_has_an_entry;
    assert_int_equal(tenure__cfi_find(here, &entry), 0);
    assert_int_equal(entry.start, here);
    assert_int_equal(tenure__cfi_execute(&entry, here, &work), 0);
    assert_int_equal(work.row.cfa_register, TENURE_ARCH_SP);
    assert_int_equal(tenure__cfi_find((uint64_t)&strtok, &entry), 0);
}

static void memory_without_an_object_has_none(void **state)
{
    int on_the_stack;
    (void)state;
    assert_int_equal(tenure__cfi_find((uint64_t)&on_the_stack, &entry),
                     TENURE__CFI_NO_OBJECT);
    assert_int_equal(tenure__cfi_find(0, &entry), TENURE__CFI_NO_OBJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_dwarf_writes_them),
        cmocka_unit_test(reading_beyond_the_end_yields_zero_and_a_mark),
        cmocka_unit_test(pointers_are_relative_to_where_they_stand),
        cmocka_unit_test(expressions_compute_on_registers_and_memory),
        cmocka_unit_test(expressions_fail_where_something_is_missing),
        cmocka_unit_test(a_program_holds_up_to_the_pc),
        cmocka_unit_test(remembered_rows_come_back),
        cmocka_unit_test(a_damaged_program_is_bad),
        cmocka_unit_test(real_code_has_an_entry),
        cmocka_unit_test(memory_without_an_object_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
