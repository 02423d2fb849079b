/*
 * The helper thread: a thread that glibc does not know, with no descriptor
 * of the service and all signals blocked, which ends and starts when told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/helper.h"
#include "agent/lock.h"
#include "agent/os.h"
#include "agent/threads.h"

#define LONG_MS 60000u /* never reached but in a broken build */
#define RACERS 4

/* What the helper found when it last ran, and how often it was woken. */
static struct {
    int tid, valid_fds;
    uint64_t blocked; /* signals */
    char name[16];
    uint32_t runs, wakes;
    bool own_locals;
} seen;

static int service_fd;

/* In the helper: system calls only, no assertion. */
static void look_around(void)
{
    seen.tid = tenure__os_tid();
    seen.own_locals = tenure__local.thread == NULL;
    seen.valid_fds = 0;
    for (int fd = 0; fd < 64; fd++)
        seen.valid_fds += fd != tenure__helper_wake_fd() &&
                          tenure__syscall2(SYS_fcntl, fd, F_GETFD) >= 0;
    tenure__syscall4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &seen.blocked, 8);
    tenure__syscall2(SYS_prctl, 16 /* PR_GET_NAME */, seen.name);
    __atomic_fetch_add(&seen.runs, 1, __ATOMIC_RELEASE);
    tenure__wake(&seen.runs);
}

static void serve(void)
{
    look_around();
    while (!tenure__helper_should_stop()) {
        struct pollfd wait = {.fd = tenure__helper_wake_fd(), .events = POLLIN};
        tenure__syscall5(SYS_ppoll, &wait, 1, NULL, NULL, 8);
        tenure__helper_wake_read();
        __atomic_fetch_add(&seen.wakes, 1, __ATOMIC_RELEASE);
        tenure__wake(&seen.wakes);
    }
}

static void wait_beyond(uint32_t *count, uint32_t old)
{
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) == old)
        tenure__wait(count, old, LONG_MS);
}

static void start_and_wait(void)
{
    uint32_t runs = seen.runs;
    assert_int_equal(tenure__helper_start(), 0);
    wait_beyond(&seen.runs, runs);
}

static int open_helper(void **state)
{
    (void)state;
    service_fd = open("/dev/null", O_RDONLY);
    tenure__local.thread = (void *)&service_fd; /* this thread's, not its */
    tenure__helper_open(serve);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tenure__helper_stop(LONG_MS);
    return tenure__helper_tid() != 0;
}

static void it_is_a_thread_of_its_own_with_its_own_locals(void **state)
{
    (void)state;
    start_and_wait();
    assert_int_equal(seen.tid, tenure__helper_tid());
    assert_int_not_equal(seen.tid, tenure__os_tid());
    assert_true(seen.own_locals);
    assert_ptr_equal(tenure__local.thread, &service_fd);
    assert_string_equal(seen.name, "tenure");
}

static void it_holds_no_descriptor_and_takes_no_signal(void **state)
{
    (void)state;
    start_and_wait();
    assert_int_equal(seen.valid_fds, 0);
    assert_true(fcntl(service_fd, F_GETFD) >= 0);
    uint64_t never = 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1);
    assert_int_equal(seen.blocked | never, UINT64_MAX);
}

static void the_mask_of_the_thread_that_starts_it_is_kept(void **state)
{
    (void)state;
    sigset_t mine, now;
    sigemptyset(&mine);
    sigaddset(&mine, SIGUSR2);
    sigprocmask(SIG_SETMASK, &mine, NULL);
    start_and_wait();
    sigprocmask(SIG_SETMASK, NULL, &now);
    assert_true(sigismember(&now, SIGUSR2));
    assert_false(sigismember(&now, SIGUSR1));
    sigemptyset(&mine);
    sigprocmask(SIG_SETMASK, &mine, NULL);
}

static void a_second_start_changes_nothing(void **state)
{
    (void)state;
    start_and_wait();
    int tid = tenure__helper_tid();
    uint32_t runs = seen.runs;
    assert_int_equal(tenure__helper_start(), 0);
    assert_int_equal(tenure__helper_tid(), tid);
    assert_int_equal(seen.runs, runs);
}

static void *start_it(void *unused)
{
    tenure__helper_start();
    return unused;
}

static void threads_that_start_it_together_make_one(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    uint32_t runs = seen.runs;
    for (int i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, start_it, NULL);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    wait_beyond(&seen.runs, runs);
    tenure__helper_stop(LONG_MS);
    assert_int_equal(seen.runs, runs + 1);
}

static void every_wake_is_seen(void **state)
{
    (void)state;
    start_and_wait();
    for (int i = 0; i < 20; i++) {
        uint32_t wakes = __atomic_load_n(&seen.wakes, __ATOMIC_ACQUIRE);
        tenure__helper_wake();
        wait_beyond(&seen.wakes, wakes);
    }
}

static void what_was_stopped_can_be_started_again(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        start_and_wait();
        tenure__helper_stop(LONG_MS);
        assert_int_equal(tenure__helper_tid(), 0);
    }
    tenure__helper_stop(LONG_MS); /* nothing runs: nothing to wait for */
    tenure__helper_wake();
}

static int start_in_child(void)
{
    uint32_t runs = seen.runs;
    tenure__helper_after_fork();
    if (tenure__helper_tid() != 0 || tenure__helper_start() != 0)
        return 1;
    wait_beyond(&seen.runs, runs);
    tenure__helper_stop(LONG_MS);
    return tenure__helper_tid() == 0 ? 0 : 2;
}

static void a_forked_child_starts_its_own(void **state)
{
    (void)state;
    int status;
    start_and_wait();
    pid_t child = fork();
    if (child == 0)
        _exit(start_in_child());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_not_equal(tenure__helper_tid(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(it_is_a_thread_of_its_own_with_its_own_locals),
        TEST(it_holds_no_descriptor_and_takes_no_signal),
        TEST(the_mask_of_the_thread_that_starts_it_is_kept),
        TEST(a_second_start_changes_nothing),
        TEST(threads_that_start_it_together_make_one),
        TEST(every_wake_is_seen),
        TEST(what_was_stopped_can_be_started_again),
        TEST(a_forked_child_starts_its_own),
    };
#undef TEST
    return cmocka_run_group_tests(tests, open_helper, NULL);
}
