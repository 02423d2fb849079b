/*
 * Whether the process of a snapshot is no more, and what its agent left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report/ended.h"
#include "snapshot_writer.h"
#include "tests/unit/scratch.h"

struct asked {
    uint32_t pid, trigger;
    const char *host; /* NULL = this one */
    int64_t seconds;  /* from now to when it was taken */
};

static bool has_ended(struct asked asked)
{
    struct utsname here;
    struct tenure_snapshot snapshot;
    struct tenure_why why;
    struct writer *w = writer_new();
    size_t bytes;
    assert_int_equal(uname(&here), 0);
    w->process.pid = asked.pid;
    w->process.trigger = asked.trigger;
    w->process.host = writer_string(w, asked.host ? asked.host : here.nodename);
    w->process.time_unix_ns =
        (uint64_t)(time(NULL) + asked.seconds) * 1000000000u;
    void *image = writer_image(w, &bytes);
    writer_free(w);
    assert_int_equal(tenure_snapshot_use(&snapshot, "a", image, bytes, &why),
                     0);
    bool ended = tenure_ended_without_last(&snapshot);
    tenure_snapshot_close(&snapshot);
    free(image);
    return ended;
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

static void one_that_runs_has_not_ended(void **state)
{
    (void)state;
    assert_false(has_ended((struct asked){(uint32_t)getpid(), 1, NULL, 0}));
}

static void one_that_is_no_more_has(void **state)
{
    (void)state;
    assert_true(has_ended((struct asked){gone(), 1, NULL, 0}));
}

static void its_number_may_be_anothers_by_now(void **state)
{
    (void)state;
    assert_true(has_ended((struct asked){(uint32_t)getpid(), 1, NULL, -86400}));
}

static void a_last_snapshot_is_one(void **state)
{
    (void)state;
    uint32_t pid = gone();
    assert_false(has_ended((struct asked){pid, TENURE_TRIGGER_EXIT, NULL, 0}));
    assert_false(has_ended((struct asked){pid, TENURE_TRIGGER_FATAL, NULL, 0}));
}

static void of_another_host_nobody_can_tell(void **state)
{
    (void)state;
    assert_false(has_ended((struct asked){gone(), 1, "elsewhere", 0}));
}

static void the_file_of_a_failure_is_found_beside_the_snapshot(void **state)
{
    (void)state;
    char snapshot[200], path[200], expected[200];
    snprintf(snapshot, sizeof snapshot, "%s/a.b.12.0003.tenure", scratch);
    snprintf(expected, sizeof expected, "%s/a.b.12.failed", scratch);
    assert_false(tenure_ended_failing(snapshot, path, sizeof path));
    int fd = open(expected, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_true(tenure_ended_failing(snapshot, path, sizeof path));
    assert_string_equal(path, expected);
    assert_false(tenure_ended_failing(snapshot, path, 8));
    assert_false(tenure_ended_failing("-", path, sizeof path));
    unlink(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_runs_has_not_ended),
        cmocka_unit_test(one_that_is_no_more_has),
        cmocka_unit_test(its_number_may_be_anothers_by_now),
        cmocka_unit_test(a_last_snapshot_is_one),
        cmocka_unit_test(of_another_host_nobody_can_tell),
        cmocka_unit_test(the_file_of_a_failure_is_found_beside_the_snapshot),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
