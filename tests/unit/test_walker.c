/* The copy-on-write walker: what it sees, and that nobody sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/os.h"
#include "agent/stop.h"
#include "agent/walker.h"

static volatile int value;

/* Shared between the test and its walkers. */
static struct report {
    volatile uint32_t go_on;
    int value, parent;
    char name[16];
    char oom[8];
} * report;

static int prepare_report(void **state)
{
    (void)state;
    report = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return report == MAP_FAILED;
}

static int watch(void *with)
{
    (void)with;
    while (report->go_on == 0) {
        int64_t span[2] = {0, 1000000};
        tenure__syscall2(SYS_nanosleep, span, 0);
    }
    report->value = value;
    report->parent = (int)tenure__syscall0(SYS_getppid);
    long fd =
        tenure__syscall4(SYS_openat, AT_FDCWD, "/proc/self/comm", O_RDONLY, 0);
    tenure__syscall3(SYS_read, fd, report->name, sizeof report->name - 1);
    tenure__syscall1(SYS_close, fd);
    fd = tenure__syscall4(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj",
                          O_RDONLY, 0);
    tenure__syscall3(SYS_read, fd, report->oom, sizeof report->oom - 1);
    tenure__syscall1(SYS_close, fd);
    return 7;
}

static void start_walker(const struct tenure__stopped *stopped, void *with)
{
    tenure__walker_start(with, stopped->in_tracer);
}

static volatile int children_reported;

static void on_child(int number)
{
    (void)number;
    children_reported++;
}

static const enum tenure__stop_method methods[] = {
    TENURE__STOP_PTRACE, TENURE__STOP_SIGNAL, TENURE__STOP_NONE};

static void it_sees_the_memory_of_the_moment_it_was_made(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct tenure__walker walker;
        struct tenure__stopped stopped;
        memset(report, 0, sizeof *report);
        value = 100 + i;
        assert_int_equal(tenure__walker_prepare(&walker, watch, NULL), 0);
        assert_int_equal(
            tenure__stop(methods[i], 5000, start_walker, &walker, &stopped), 0);
        assert_true(walker.pid > 0);
        value = 1;
        report->go_on = 1;
        assert_int_equal(tenure__walker_finish(&walker, 20000), 7);
        assert_int_equal(report->value, 100 + i);
        assert_int_equal(report->parent, getpid());
        assert_string_equal(report->name, "tenure-walker\n");
        assert_string_equal(report->oom, "1000\n");
    }
}

static void nobody_notices_it(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    memset(report, 0, sizeof *report);
    children_reported = 0;
    signal(SIGCHLD, on_child);
    assert_int_equal(tenure__walker_prepare(&walker, watch, NULL), 0);
    assert_int_equal(tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker,
                                  &walker, &stopped),
                     0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    report->go_on = 1;
    assert_int_equal(tenure__walker_finish(&walker, 20000), 7);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(children_reported, 0);
    signal(SIGCHLD, SIG_DFL);
}

static volatile bool walker_is_there;
static volatile int walker_result;

/* A thread with descriptors of its own, as the helper of the agent is. */
static void *help(void *with)
{
    struct tenure__stopped stopped;
    unshare(CLONE_FILES);
    tenure__syscall3(SYS_close_range, 3, -1, 0);
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, with, &stopped);
    walker_is_there = true;
    walker_result = tenure__walker_finish(with, 20000);
    return NULL;
}

static void a_descriptor_closed_by_the_service_is_closed(void **state)
{
    (void)state;
    struct tenure__walker walker;
    pthread_t helper;
    int ends[2];
    char byte;
    memset(report, 0, sizeof *report);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(tenure__walker_prepare(&walker, watch, NULL), 0);
    pthread_create(&helper, NULL, help, &walker);
    while (!walker_is_there)
        usleep(100);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* no other end is open */
    close(ends[0]);
    report->go_on = 1;
    pthread_join(helper, NULL);
    assert_int_equal(walker_result, 7);
}

static void one_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    memset(report, 0, sizeof *report);
    assert_int_equal(tenure__walker_prepare(&walker, watch, NULL), 0);
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, &walker, &stopped);
    assert_int_equal(tenure__walker_finish(&walker, 10), -ETIMEDOUT);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void one_is_ended_when_the_process_cannot_wait_longer(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    uint64_t latest = tenure__os_monotonic_ns();
    memset(report, 0, sizeof *report);
    assert_int_equal(tenure__walker_prepare(&walker, watch, NULL), 0);
    walker.latest_ns = &latest;
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, &walker, &stopped);
    assert_int_equal(tenure__walker_finish(&walker, UINT32_MAX), -ETIMEDOUT);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static int look_where_it_is_hidden(void *with)
{
    tenure__walker_reveal();
    report->value = *(volatile int *)with;
    return 0;
}

static void what_the_service_hides_from_itself_is_readable(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    int *hidden = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(report, 0, sizeof *report);
    *hidden = 42;
    mprotect(hidden, 4096, PROT_NONE);
    assert_int_equal(
        tenure__walker_prepare(&walker, look_where_it_is_hidden, hidden), 0);
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, &walker, &stopped);
    assert_int_equal(tenure__walker_finish(&walker, 20000), 0);
    assert_int_equal(report->value, 42);
    munmap(hidden, 4096);
}

static int crash(void *with)
{
    *(volatile int *)with = 1;
    return 0;
}

static void one_that_crashes_is_reported(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    assert_int_equal(tenure__walker_prepare(&walker, crash, NULL), 0);
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, &walker, &stopped);
    assert_int_equal(tenure__walker_finish(&walker, 20000), -EIO);
}

static int wait_for_a_share(void *with)
{
    (void)with;
    while (tenure__syscall1(SYS_sched_getscheduler, 0) == SCHED_IDLE) {
        int64_t span[2] = {0, 1000000};
        tenure__syscall2(SYS_nanosleep, span, 0);
    }
    return (int)tenure__syscall1(SYS_sched_getscheduler, 0);
}

static void one_that_waits_for_long_is_idle_no_more(void **state)
{
    (void)state;
    struct tenure__walker walker;
    struct tenure__stopped stopped;
    assert_int_equal(tenure__walker_prepare(&walker, wait_for_a_share, NULL),
                     0);
    tenure__stop(TENURE__STOP_PTRACE, 5000, start_walker, &walker, &stopped);
    assert_int_equal(tenure__walker_finish(&walker, 20000), SCHED_BATCH);
}

static void headroom_is_some_part_of_the_memory(void **state)
{
    (void)state;
    uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
    uint64_t headroom = tenure__walker_headroom();
    assert_true(headroom > 0);
    assert_true(headroom <= pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sees_the_memory_of_the_moment_it_was_made),
        cmocka_unit_test(nobody_notices_it),
        cmocka_unit_test(a_descriptor_closed_by_the_service_is_closed),
        cmocka_unit_test(one_that_takes_too_long_is_ended),
        cmocka_unit_test(one_is_ended_when_the_process_cannot_wait_longer),
        cmocka_unit_test(what_the_service_hides_from_itself_is_readable),
        cmocka_unit_test(one_that_crashes_is_reported),
        cmocka_unit_test(one_that_waits_for_long_is_idle_no_more),
        cmocka_unit_test(headroom_is_some_part_of_the_memory),
    };
    return cmocka_run_group_tests_name("walker", tests, prepare_report, NULL);
}
