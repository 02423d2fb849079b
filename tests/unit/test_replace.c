/* A file appears whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/replace.h"
#include "tests/unit/scratch.h"

static struct tenure_replace file;
static struct tenure_why why;

/* Files in the directory, temporary ones included. */
static int files(void)
{
    int count = 0;
    DIR *list = opendir(scratch);
    for (struct dirent *at; (at = readdir(list));)
        count += strcmp(at->d_name, ".") != 0 && strcmp(at->d_name, "..") != 0;
    closedir(list);
    return count;
}

static void a_committed_file_has_its_name_and_is_ours_alone(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(tenure_replace_begin(&file, "done", &why), 0);
    assert_int_equal(write(file.fd, "new", 3), 3);
    assert_int_equal(access("done", F_OK), -1);
    assert_int_equal(tenure_replace_commit(&file, &why), 0);
    assert_int_equal(stat("done", &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files(), 1);
}

static void an_abandoned_file_leaves_the_old_one(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(tenure_replace_begin(&file, "done", &why), 0);
    assert_int_equal(write(file.fd, "half", 4), 4);
    tenure_replace_abandon(&file);
    assert_int_equal(stat("done", &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(files(), 1);
}

static void an_interrupt_leaves_nothing(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        tenure_replace_begin(&file, "interrupted", &why);
        raise(SIGTERM);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(files(), 1);
}

static void only_regular_files_are_replaced(void **state)
{
    (void)state;
    assert_int_equal(symlink("done", "link"), 0);
    assert_int_equal(tenure_replace_begin(&file, "link", &why), -1);
    assert_non_null(strstr(why.text, "symbolic link"));
    assert_int_equal(tenure_replace_begin(&file, "/dev/null", &why), -1);
    assert_non_null(strstr(why.text, "not a regular file"));
    assert_int_equal(tenure_replace_begin(&file, ".", &why), -1);
    assert_non_null(strstr(why.text, "directory"));
    assert_int_equal(tenure_replace_begin(&file, "no/such/file", &why), -1);
    assert_non_null(strstr(why.text, "cannot write"));
    assert_int_equal(unlink("link"), 0);
    assert_int_equal(files(), 1);
}

/* And go there. */
static int make_and_enter(void **state)
{
    return scratch_make(state) == 0 && chdir(scratch) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_committed_file_has_its_name_and_is_ours_alone),
        cmocka_unit_test(an_abandoned_file_leaves_the_old_one),
        cmocka_unit_test(an_interrupt_leaves_nothing),
        cmocka_unit_test(only_regular_files_are_replaced),
    };
    return cmocka_run_group_tests(tests, make_and_enter, scratch_remove);
}
