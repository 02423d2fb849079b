/*
 * Who this process is: what the kernel says of it, and what a forked child
 * takes over from its parent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/identity.h"

static void the_process_is_named_by_its_executable(void **state)
{
    (void)state;
    char exe[4096] = "";
    tenure__identity_open("/tmp/snapshots");
    assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    assert_string_equal(tenure__identity.exe, exe);
    assert_string_equal(tenure__identity.name, "test_identity");
    assert_int_equal(tenure__identity.pid, getpid());
    assert_int_equal(tenure__identity.parent_pid, getppid());
    assert_int_equal(tenure__identity.seq, 0);
}

static void arguments_are_separated_by_spaces(void **state)
{
    (void)state;
    size_t length = strlen(tenure__identity.command);
    assert_true(length > 0);
    assert_int_not_equal(tenure__identity.command[length - 1], ' ');
    assert_non_null(strstr(tenure__identity.command, "test_identity"));
    assert_null(strchr(tenure__identity.command, '\n'));
}

static void the_host_is_what_uname_says(void **state)
{
    (void)state;
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    assert_string_equal(tenure__identity.host, host);
}

static void an_absolute_directory_stays_as_it_is(void **state)
{
    (void)state;
    tenure__identity_open("/tmp/snapshots");
    assert_string_equal(tenure__identity.dir, "/tmp/snapshots");
}

/* The service may change its directory later. */
static void a_relative_directory_is_where_the_process_started(void **state)
{
    (void)state;
    char expected[8192], here[4096];
    assert_non_null(getcwd(here, sizeof here));
    tenure__identity_open("tenure.out");
    snprintf(expected, sizeof expected, "%s/tenure.out", here);
    assert_string_equal(tenure__identity.dir, expected);
}

static void a_directory_that_is_too_long_is_cut_and_ends(void **state)
{
    (void)state;
    char dir[2 * TENURE_PATH_BYTES];
    memset(dir, 'x', sizeof dir);
    dir[0] = '/';
    dir[sizeof dir - 1] = 0;
    tenure__identity_open(dir);
    assert_int_equal(strlen(tenure__identity.dir), TENURE_PATH_BYTES - 1);
}

static void two_runs_have_different_ids(void **state)
{
    (void)state;
    uint8_t first[16];
    tenure__identity_open("/tmp");
    memcpy(first, tenure__identity.run_id, 16);
    tenure__identity_open("/tmp");
    assert_memory_not_equal(first, tenure__identity.run_id, 16);
}

static int is_a_child_of(const struct tenure__identity *parent)
{
    tenure__identity_after_fork(7, true);
    return tenure__identity.pid == (uint32_t)getpid() &&
           tenure__identity.parent_pid == parent->pid &&
           tenure__identity.inherited_generation == 7 &&
           tenure__identity.orphaned_generation == 7 &&
           tenure__identity.seq == 0 && tenure__identity.file_number == 0 &&
           memcmp(tenure__identity.parent_run_id, parent->run_id, 16) == 0 &&
           memcmp(tenure__identity.run_id, parent->run_id, 16) != 0 &&
           strcmp(tenure__identity.dir, parent->dir) == 0;
}

static void a_forked_child_knows_the_run_it_came_from(void **state)
{
    (void)state;
    static struct tenure__identity parent;
    int status;
    tenure__identity_open("/tmp");
    tenure__identity.seq = tenure__identity.file_number = 5;
    parent = tenure__identity;
    pid_t child = fork();
    if (child == 0)
        _exit(!is_a_child_of(&parent));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_is_named_by_its_executable),
        cmocka_unit_test(arguments_are_separated_by_spaces),
        cmocka_unit_test(the_host_is_what_uname_says),
        cmocka_unit_test(an_absolute_directory_stays_as_it_is),
        cmocka_unit_test(a_relative_directory_is_where_the_process_started),
        cmocka_unit_test(a_directory_that_is_too_long_is_cut_and_ends),
        cmocka_unit_test(two_runs_have_different_ids),
        cmocka_unit_test(a_forked_child_knows_the_run_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
