/* Suppressions that a program brings along, read without running it. */
#include "report/suppress_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void)
{
    return "leak:^never_there$\n# until=2020-01-01\nleak:expired\n";
}

static struct tenure_suppressions list;
static struct tenure_why why;

static int set_up(void **state)
{
    (void)state;
    tenure_suppressions_open(&list);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tenure_suppressions_drop(&list);
    return 0;
}

static void this_program_has_some(void **state)
{
    (void)state;
    assert_int_equal(
        tenure_suppressions_of_program(&list, "/proc/self/exe", &why),
        TENURE_PROGRAM_RULES_ADDED);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.at[0].text, "leak:^never_there$");
    assert_string_equal(list.at[0].source, "exe:1");
    assert_int_equal(list.at[1].until, 20200101);
    assert_true(list.at[0].optional);
}

static void other_files_have_none(void **state)
{
    (void)state;
    static const char *const paths[] = {"/bin/sh",  "/etc/passwd", "/",
                                        "/no/such", "/dev/null",   ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(tenure_suppressions_of_program(&list, paths[i], &why),
                         TENURE_PROGRAM_HAS_NONE);
}

static uint64_t state_of_chance = 88172645463325252u;

static size_t pick(size_t below)
{
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return (size_t)(state_of_chance % below);
}

static char *read_self(size_t *bytes)
{
    struct stat st;
    FILE *file = fopen("/proc/self/exe", "re");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    *bytes = (size_t)st.st_size;
    char *data = malloc(*bytes);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, file), *bytes);
    fclose(file);
    return data;
}

/* Where it hurts: the headers at its start and its end, mostly. */
static size_t place(size_t bytes)
{
    size_t near = bytes < 4096 ? bytes : 4096;
    switch (pick(4)) {
    case 0:
        return pick(64);
    case 1:
        return pick(near);
    case 2:
        return bytes - 1 - pick(near);
    default:
        return pick(bytes);
    }
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    char path[] = "/tmp/tenure_program_XXXXXX";
    size_t bytes;
    char *data = read_self(&bytes);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int round = 0; round < 400; round++) {
        size_t kept = round % 4 ? bytes : pick(bytes);
        size_t at[4];
        char before[4];
        for (int i = 0; i < 4; i++) {
            at[i] = place(bytes);
            before[i] = data[at[i]];
            data[at[i]] = (char)pick(256);
        }
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, data, kept, 0), kept);
        tenure_suppressions_of_program(&list, path, &why);
        for (int i = 3; i >= 0; i--)
            data[at[i]] = before[i];
    }
    close(fd);
    unlink(path);
    free(data);
}

/* Makes of the function's return something else. */
static void go_on(char *code)
{
#ifdef __x86_64__
    static const char ret[] = {(char)0xc3};
#else
    static const char ret[] = {(char)0xc0, 0x03, 0x5f, (char)0xd6};
#endif
    char *at = memmem(code, 32, ret, sizeof ret);
    assert_non_null(at);
    at[0] ^= 1;
}

static void a_text_that_is_computed_is_not_taken(void **state)
{
    (void)state;
    extern const char __executable_start;
    char path[] = "/tmp/tenure_program_XXXXXX";
    size_t bytes;
    char *data = read_self(&bytes);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    go_on(data + ((uintptr_t)__lsan_default_suppressions -
                  (uintptr_t)&__executable_start));
    assert_int_equal(pwrite(fd, data, bytes, 0), bytes);
    assert_int_equal(tenure_suppressions_of_program(&list, path, &why),
                     TENURE_PROGRAM_RULES_UNREADABLE);
    assert_non_null(strstr(why.text, "computes its text"));
    assert_int_equal(list.count, 0);
    close(fd);
    unlink(path);
    free(data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(this_program_has_some),
        TEST(other_files_have_none),
        TEST(a_text_that_is_computed_is_not_taken),
        TEST(damaged_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
