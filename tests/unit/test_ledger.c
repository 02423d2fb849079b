/*
 * The ledger of a check: what agents write into it, who made it reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/identity.h"
#include "agent/ledger.h"
#include "agent/track.h"
#include "report/ledger.h"
#include "tests/unit/scratch.h"

static struct tenure_ledger_file file;

static int make(void **state)
{
    struct tenure_why why;
    (void)state;
    setenv("TMPDIR", scratch, 1);
    if (tenure_ledger_make(&file, &why) != 0)
        return -1;
    tenure__ledger_open(file.path);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    tenure_ledger_drop(&file);
    return access(file.path, F_OK) == 0 ? -1 : 0;
}

/* A number that no process has by now. */
static uint32_t gone(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return (uint32_t)child;
}

static void be(uint32_t pid, const char *name)
{
    tenure__identity.pid = pid;
    strcpy(tenure__identity.name, name);
}

static size_t left_of(struct tenure_ledger_left **left)
{
    return tenure_ledger_read(&file, NULL, 0, left);
}

static void who_began_and_ended_is_not_left(void **state)
{
    (void)state;
    struct tenure_ledger_left *left;
    be(gone(), "server");
    tenure__ledger_began();
    tenure__ledger_ended();
    assert_int_equal(left_of(&left), 0);
    free(left);
}

static void who_began_and_is_no_more_was_cut(void **state)
{
    (void)state;
    struct tenure_ledger_left *left;
    be(gone(), "server");
    tenure__ledger_began();
    assert_int_equal(left_of(&left), 1);
    assert_int_equal(left->pid, tenure__identity.pid);
    assert_int_equal(left->kind, TENURE_LEDGER_BEGAN);
    assert_false(left->running);
    assert_string_equal(left->name, "server");
    pid_t except = (pid_t)left->pid;
    free(left);
    assert_int_equal(tenure_ledger_read(&file, &except, 1, &left), 0);
    free(left);
}

static void a_program_that_never_began_is_left_by_its_name(void **state)
{
    (void)state;
    struct tenure_ledger_left *left;
    struct tenure_ledger_entry *entry = tenure__track_spawn_begins();
    assert_non_null(entry);
    tenure__track_spawned(entry, (int)gone(), "/usr/bin/static");
    assert_int_equal(left_of(&left), 1);
    assert_int_equal(left->kind, TENURE_LEDGER_EXECUTED);
    assert_string_equal(left->name, "static");
    free(left);
}

static void an_execution_that_failed_counts_for_nothing(void **state)
{
    (void)state;
    struct tenure_ledger_left *left;
    struct tenure_ledger_entry *entry = tenure__track_exec_begins("/none");
    assert_non_null(entry);
    tenure__track_exec_failed(entry);
    assert_int_equal(left_of(&left), 0);
    free(left);
}

static void a_name_for_the_terminal_is_clean(void **state)
{
    (void)state;
    struct tenure_ledger_left *left;
    be(gone(), "bad\033[31mname");
    tenure__ledger_began();
    assert_int_equal(left_of(&left), 1);
    assert_null(strchr(left->name, '\033'));
    free(left);
}

static void more_than_it_has_room_for_is_known(void **state)
{
    (void)state;
    assert_false(tenure_ledger_overflowed(&file));
    for (uint32_t i = 0; i < TENURE_LEDGER_ENTRIES; i++)
        assert_non_null(tenure__ledger_take());
    assert_false(tenure_ledger_overflowed(&file));
    assert_null(tenure__ledger_take());
    assert_true(tenure_ledger_overflowed(&file));
}

static void without_room_for_the_file_there_is_a_reason(void **state)
{
    (void)state;
    struct tenure_ledger_file none = {.map = NULL};
    struct tenure_ledger_left *left;
    struct tenure_why why;
    setenv("TMPDIR", "/proc/none", 1);
    assert_int_equal(tenure_ledger_make(&none, &why), -1);
    assert_non_null(strstr(why.text, "TMPDIR"));
    assert_int_equal(tenure_ledger_read(&none, NULL, 0, &left), 0);
    assert_false(tenure_ledger_overflowed(&none));
    tenure_ledger_drop(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_began_and_ended_is_not_left, make,
                                        drop),
        cmocka_unit_test_setup_teardown(who_began_and_is_no_more_was_cut, make,
                                        drop),
        cmocka_unit_test_setup_teardown(
            a_program_that_never_began_is_left_by_its_name, make, drop),
        cmocka_unit_test_setup_teardown(
            an_execution_that_failed_counts_for_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_name_for_the_terminal_is_clean, make,
                                        drop),
        cmocka_unit_test_setup_teardown(more_than_it_has_room_for_is_known,
                                        make, drop),
        cmocka_unit_test(without_room_for_the_file_there_is_a_reason),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
