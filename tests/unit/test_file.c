/*
 * Snapshot files: whole or not there at all, of the mode and the name that
 * was promised, and nothing left behind where something failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/identity.h"
#include "tests/unit/scratch.h"

/* Each test has a directory of its own, not made yet, below `scratch`. */
static int new_directory(void **state)
{
    static int number;
    (void)state;
    memset(&tenure__identity, 0, sizeof tenure__identity);
    snprintf(tenure__identity.dir, sizeof tenure__identity.dir, "%s/%d",
             scratch, number++);
    strcpy(tenure__identity.name, "service");
    tenure__identity.pid = 4711;
    return 0;
}

static int entries(void)
{
    int count = 0;
    DIR *directory = opendir(tenure__identity.dir);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count +=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static bool is_there(const char *name)
{
    char path[4800];
    snprintf(path, sizeof path, "%s/%s", tenure__identity.dir, name);
    return access(path, F_OK) == 0;
}

static void write_one(char *path, size_t room)
{
    struct tenure__file file;
    assert_int_equal(tenure__file_create(&file), 0);
    assert_int_equal(write(file.fd, "x", 1), 1);
    assert_int_equal(tenure__file_finish(&file, 0, path, room), 0);
}

static void a_file_has_its_promised_name_and_only_the_owner_reads(void **state)
{
    (void)state;
    char path[4200], expected[4200];
    struct stat is;
    write_one(path, sizeof path);
    snprintf(expected, sizeof expected, "%s/service.4711.0001.tenure",
             tenure__identity.dir);
    assert_string_equal(path, expected);
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 07777, 0600);
    assert_int_equal(is.st_size, 1);
    assert_int_equal(stat(tenure__identity.dir, &is), 0);
    assert_int_equal(is.st_mode & 07777, 0700);
    assert_int_equal(entries(), 1);
}

static void a_number_that_is_taken_is_passed_over(void **state)
{
    (void)state;
    char path[4200], other[4200];
    write_one(path, sizeof path);
    tenure__identity.file_number = 0; /* as after a restart with this PID */
    write_one(other, sizeof other);
    assert_non_null(strstr(other, ".0002.tenure"));
    assert_int_equal(entries(), 2);
}

static void what_was_half_written_is_removed(void **state)
{
    (void)state;
    char path[4200] = "untouched";
    struct tenure__file file;
    assert_int_equal(tenure__file_create(&file), 0);
    assert_int_equal(entries(), 1);
    assert_int_equal(tenure__file_finish(&file, -ENOSPC, path, sizeof path),
                     -ENOSPC);
    assert_string_equal(path, "");
    assert_false(is_there(file.temporary));
    write_one(path, sizeof path);
    assert_non_null(strstr(path, ".0001.tenure"));
}

static void a_failure_leaves_a_name_until_a_snapshot_succeeds(void **state)
{
    (void)state;
    char path[4200];
    struct tenure__file file;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tenure__file_create(&file), 0);
        tenure__file_finish(&file, -ENOSPC, path, sizeof path);
        assert_true(is_there("service.4711.failed"));
        assert_int_equal(entries(), 1);
    }
    write_one(path, sizeof path);
    assert_false(is_there("service.4711.failed"));
    assert_int_equal(entries(), 1);
}

static void a_child_leaves_the_name_of_its_parents_failure(void **state)
{
    (void)state;
    char path[4200];
    struct tenure__file file;
    assert_int_equal(tenure__file_create(&file), 0);
    tenure__file_finish(&file, -ENOSPC, path, sizeof path);
    tenure__identity.pid = 4712;
    write_one(path, sizeof path);
    assert_true(is_there("service.4711.failed"));
    assert_false(is_there("service.4712.failed"));
}

static void a_leftover_of_an_earlier_try_is_no_obstacle(void **state)
{
    (void)state;
    char path[4200];
    struct tenure__file left;
    assert_int_equal(tenure__file_create(&left), 0);
    close(left.fd);
    close(left.dir_fd);
    write_one(path, sizeof path);
    assert_int_equal(entries(), 1);
}

static void a_directory_behind_a_symbolic_link_is_refused(void **state)
{
    (void)state;
    struct tenure__file file;
    assert_int_equal(symlink("/tmp", tenure__identity.dir), 0);
    int error = tenure__file_create(&file);
    assert_true(error == -ELOOP || error == -ENOTDIR);
}

static void a_link_that_waits_under_the_name_is_not_followed(void **state)
{
    (void)state;
    char path[4200], target[4200];
    struct stat is;
    assert_int_equal(mkdir(tenure__identity.dir, 0700), 0);
    snprintf(target, sizeof target, "%s/target", scratch);
    snprintf(path, sizeof path, "%s/service.4711.0001.tenure",
             tenure__identity.dir);
    assert_int_equal(symlink(target, path), 0);
    write_one(path, sizeof path);
    assert_non_null(strstr(path, ".0002.tenure"));
    assert_int_equal(stat(target, &is), -1);
}

static void a_file_where_the_directory_should_be_is_an_error(void **state)
{
    (void)state;
    struct tenure__file file;
    int fd = open(tenure__identity.dir, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(tenure__file_create(&file), -ENOTDIR);
}

static void a_directory_in_a_missing_one_is_an_error(void **state)
{
    (void)state;
    struct tenure__file file;
    strcat(tenure__identity.dir, "/a/b");
    assert_int_equal(tenure__file_create(&file), -ENOENT);
}

static void a_directory_that_went_meanwhile_is_an_error(void **state)
{
    (void)state;
    char path[4200], name[4800];
    struct tenure__file file;
    assert_int_equal(tenure__file_create(&file), 0);
    snprintf(name, sizeof name, "%s/%s", tenure__identity.dir, file.temporary);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(rmdir(tenure__identity.dir), 0);
    assert_int_equal(tenure__file_finish(&file, 0, path, sizeof path), -ENOENT);
    assert_string_equal(path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_file_has_its_promised_name_and_only_the_owner_reads,
            new_directory),
        cmocka_unit_test_setup(a_number_that_is_taken_is_passed_over,
                               new_directory),
        cmocka_unit_test_setup(what_was_half_written_is_removed, new_directory),
        cmocka_unit_test_setup(
            a_failure_leaves_a_name_until_a_snapshot_succeeds, new_directory),
        cmocka_unit_test_setup(a_child_leaves_the_name_of_its_parents_failure,
                               new_directory),
        cmocka_unit_test_setup(a_leftover_of_an_earlier_try_is_no_obstacle,
                               new_directory),
        cmocka_unit_test_setup(a_directory_behind_a_symbolic_link_is_refused,
                               new_directory),
        cmocka_unit_test_setup(a_link_that_waits_under_the_name_is_not_followed,
                               new_directory),
        cmocka_unit_test_setup(a_file_where_the_directory_should_be_is_an_error,
                               new_directory),
        cmocka_unit_test_setup(a_directory_in_a_missing_one_is_an_error,
                               new_directory),
        cmocka_unit_test_setup(a_directory_that_went_meanwhile_is_an_error,
                               new_directory),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
