/* Stopping threads: registers, waits that go on, the watchdog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/os.h"
#include "agent/stop.h"

#define MARKER 0x5ca1ab1e0badcafeu

static const enum tenure__stop_method both[] = {TENURE__STOP_PTRACE,
                                                TENURE__STOP_SIGNAL};

static int empty_pipe[2], semaphore = -1;
static volatile int interrupted[16], timed_out[16];

static int wait_in(int kind, int epoll, int timeout_ms)
{
    char byte;
    struct epoll_event event;
    struct pollfd readable = {empty_pipe[0], POLLIN, 0};
    struct timespec span = {timeout_ms / 1000, timeout_ms % 1000 * 1000000};
    struct sembuf take = {0, -1, 0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    fd_set readers;
    FD_ZERO(&readers);
    FD_SET(empty_pipe[0], &readers);
    switch (kind) {
    case 0:
        return epoll_wait(epoll, &event, 1, timeout_ms);
    case 1:
        return epoll_pwait(epoll, &event, 1, timeout_ms, &signals);
    case 2:
        return poll(&readable, 1, timeout_ms);
    case 3:
        return nanosleep(&span, NULL);
    case 4:
        return (int)semtimedop(semaphore, &take, 1, &span);
    case 5:
        return sigtimedwait(&signals, NULL, &span);
    case 6:
        return pselect(empty_pipe[0] + 1, &readers, NULL, NULL, &span, NULL);
    case 7:
        return (int)syscall(441, epoll, &event, 1, &span, NULL, 8);
    case 8:
        return (int)read(empty_pipe[0], &byte, 1);
    default:
        return semop(semaphore, &take, 1);
    }
}

#define WITH_TIMEOUT 8 /* kinds below wait with one */
#define KINDS 10

struct waiter {
    pthread_t thread;
    int kind, timeout_ms;
    volatile bool ready;
};

static void *wait_once(void *with)
{
    struct waiter *waiter = with;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    waiter->ready = true;
    errno = 0;
    int result = wait_in(waiter->kind, epoll, waiter->timeout_ms);
    if (result < 0 && errno == EINTR)
        interrupted[waiter->kind]++;
    else
        timed_out[waiter->kind]++;
    close(epoll);
    return NULL;
}

static void start(struct waiter *waiter, int kind, int timeout_ms)
{
    waiter->kind = kind;
    waiter->timeout_ms = timeout_ms;
    assert_int_equal(pthread_create(&waiter->thread, NULL, wait_once, waiter),
                     0);
    while (!waiter->ready)
        usleep(100);
}

static void nothing(const struct tenure__stopped *stopped, void *with)
{
    (void)stopped;
    (void)with;
}

static void prepare(void)
{
    memset((void *)interrupted, 0, sizeof interrupted);
    memset((void *)timed_out, 0, sizeof timed_out);
    assert_int_equal(pipe(empty_pipe), 0);
    semaphore = semget(IPC_PRIVATE, 1, 0600);
    assert_true(semaphore >= 0);
}

static void finish(struct waiter *waiter)
{
    (void)!write(empty_pipe[1], "xx", 2);
    semctl(semaphore, 0, IPC_RMID);
    for (int kind = 0; kind < KINDS; kind++)
        pthread_join(waiter[kind].thread, NULL);
    close(empty_pipe[0]);
    close(empty_pipe[1]);
}

static void no_wait_ends_because_of_a_stop(void **state)
{
    (void)state;
    struct waiter waiter[KINDS] = {0};
    struct tenure__stopped stopped;
    prepare();
    for (int kind = 0; kind < KINDS; kind++)
        start(&waiter[kind], kind, 3000);
    usleep(100000);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            tenure__stop(TENURE__STOP_PTRACE, 5000, nothing, NULL, &stopped),
            0);
        assert_int_equal(stopped.thread_count, KINDS);
        assert_int_equal(stopped.unstopped, 0);
    }
    for (int kind = 0; kind < KINDS; kind++)
        assert_int_equal(interrupted[kind], 0);
    finish(waiter);
}

static void a_timeout_ends_although_stops_come_faster(void **state)
{
    (void)state;
    struct waiter waiter[KINDS] = {0};
    struct tenure__stopped stopped;
    prepare();
    for (int kind = 0; kind < KINDS; kind++)
        start(&waiter[kind], kind, 700);
    /* If a wait began anew at each stop, none would end before the last. */
    for (int i = 0; i < 1500; i++) {
        int ended = 0;
        tenure__stop(TENURE__STOP_PTRACE, 5000, nothing, NULL, &stopped);
        usleep(2000);
        for (int kind = 0; kind < WITH_TIMEOUT; kind++)
            ended += timed_out[kind];
        if (ended == WITH_TIMEOUT)
            break;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        assert_int_equal(interrupted[kind], 0);
        assert_int_equal(timed_out[kind], kind < WITH_TIMEOUT);
    }
    finish(waiter);
}

static volatile int handled;

static void count_signal(int number)
{
    (void)number;
    handled++;
}

static void a_signal_during_the_stop_still_interrupts(void **state)
{
    (void)state;
    struct waiter waiter = {0};
    struct tenure__stopped stopped;
    struct sigaction action = {.sa_handler = count_signal};
    prepare();
    sigaction(SIGUSR1, &action, NULL);
    start(&waiter, 0, -1);
    usleep(50000);
    handled = 0;
    tenure__stop(TENURE__STOP_PTRACE, 5000, nothing, NULL, &stopped);
    assert_int_equal(interrupted[0], 0);
    pthread_kill(waiter.thread, SIGUSR1);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(handled, 1);
    assert_int_equal(interrupted[0], 1);
}

static void send_signal(const struct tenure__stopped *stopped, void *with)
{
    (void)stopped;
    tenure__syscall2(SYS_tkill, *(int *)with, SIGUSR1);
}

static volatile int waiter_tid;

static void *wait_for_ever(void *with)
{
    waiter_tid = (int)syscall(SYS_gettid);
    return wait_once(with);
}

static void a_signal_sent_while_stopped_interrupts_as_without(void **state)
{
    (void)state;
    struct waiter waiter = {.kind = 0, .timeout_ms = -1};
    struct tenure__stopped stopped;
    struct sigaction action = {.sa_handler = count_signal};
    prepare();
    sigaction(SIGUSR1, &action, NULL);
    handled = 0;
    pthread_create(&waiter.thread, NULL, wait_for_ever, &waiter);
    while (!waiter.ready)
        usleep(100);
    usleep(50000);
    int tid = waiter_tid;
    tenure__stop(TENURE__STOP_PTRACE, 5000, send_signal, &tid, &stopped);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(handled, 1);
    assert_int_equal(interrupted[0], 1);
}

/* ---- registers --------------------------------------------------------- */

static volatile bool spinning, go_on;

static void *spin(void *with)
{
    (void)with;
    spinning = true;
#if defined(__x86_64__)
    __asm__ volatile(
        "movq %0, %%xmm9\n"
        "movq %%xmm9, %%r14\n"
        "add $1, %%r14\n"
        "1: cmpb $0, %1\n"
        "jne 1b\n"
        :
        : "r"(MARKER), "m"(go_on)
        : "xmm9", "r14", "memory");
#else
    while (go_on)
        ;
#endif
    return NULL;
}

struct seen {
    bool general, vector;
    uint64_t stack;
};

static void look_for_marker(const struct tenure__stopped *stopped, void *with)
{
    struct seen *seen = with;
    for (uint32_t i = 0; i < stopped->thread_count; i++)
        for (uint32_t w = 0; w < stopped->thread[i].word_count; w++) {
            seen->vector |= stopped->thread[i].word[w] == MARKER;
            seen->general |= stopped->thread[i].word[w] == MARKER + 1;
            seen->stack = stopped->thread[i].stack_pointer;
        }
}

static void registers_of_a_running_thread_are_seen(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        struct seen seen = {0};
        struct tenure__stopped stopped;
        spinning = false;
        go_on = true;
        pthread_create(&thread, NULL, spin, NULL);
        while (!spinning)
            usleep(100);
        usleep(1000);
        assert_int_equal(
            tenure__stop(both[i], 5000, look_for_marker, &seen, &stopped), 0);
        go_on = false;
        pthread_join(thread, NULL);
        assert_int_equal(stopped.thread_count, 1);
        assert_int_equal(stopped.unstopped, 0);
        assert_int_equal(stopped.method, both[i]);
        assert_true(seen.stack != 0);
#if defined(__x86_64__)
        assert_true(seen.general);
        assert_true(seen.vector);
#endif
    }
}

/* ---- the watchdog, threads that come and go ---------------------------- */

static void dawdle(const struct tenure__stopped *stopped, void *with)
{
    (void)stopped;
    struct timespec second = {1, 0};
    for (int i = 0; i < *(int *)with; i++)
        tenure__syscall2(SYS_nanosleep, &second, 0);
}

static volatile uint64_t progress;

static void *make_progress(void *with)
{
    while (go_on)
        progress++;
    return with;
}

static void the_watchdog_lets_the_threads_go(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        struct tenure__stopped stopped;
        int seconds = both[i] == TENURE__STOP_PTRACE ? 60 : 1;
        go_on = true;
        pthread_create(&thread, NULL, make_progress, NULL);
        assert_int_equal(tenure__stop(both[i], 50, dawdle, &seconds, &stopped),
                         -ETIMEDOUT);
        uint64_t before = progress;
        while (progress == before)
            usleep(1000);
        go_on = false;
        pthread_join(thread, NULL);
    }
}

static void *live_shortly(void *with)
{
    return with;
}

static void *make_threads(void *with)
{
    while (go_on) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live_shortly, NULL) == 0)
            pthread_join(thread, NULL);
    }
    return with;
}

static void threads_that_come_and_go_do_no_harm(void **state)
{
    (void)state;
    pthread_t maker[2];
    struct tenure__stopped stopped;
    go_on = true;
    for (int i = 0; i < 2; i++)
        pthread_create(&maker[i], NULL, make_threads, NULL);
    for (int i = 0; i < 200; i++)
        assert_int_equal(
            tenure__stop(i % 4 ? TENURE__STOP_PTRACE : TENURE__STOP_SIGNAL,
                         5000, nothing, NULL, &stopped),
            0);
    go_on = false;
    for (int i = 0; i < 2; i++)
        pthread_join(maker[i], NULL);
}

static volatile int children_reported;

static void on_child(int number)
{
    (void)number;
    children_reported++;
}

static void the_tracer_is_not_seen(void **state)
{
    (void)state;
    struct tenure__stopped stopped;
    signal(SIGCHLD, on_child);
    tenure__stop(TENURE__STOP_PTRACE, 5000, nothing, NULL, &stopped);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(children_reported, 0);
    signal(SIGCHLD, SIG_DFL);
}

static void the_probe_finds_a_method_and_leaves_no_trace(void **state)
{
    (void)state;
    enum tenure__stop_method method = tenure__stop_probe();
    assert_true(method == TENURE__STOP_PTRACE || method == TENURE__STOP_SIGNAL);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_wait_ends_because_of_a_stop),
        cmocka_unit_test(a_timeout_ends_although_stops_come_faster),
        cmocka_unit_test(a_signal_during_the_stop_still_interrupts),
        cmocka_unit_test(a_signal_sent_while_stopped_interrupts_as_without),
        cmocka_unit_test(registers_of_a_running_thread_are_seen),
        cmocka_unit_test(the_watchdog_lets_the_threads_go),
        cmocka_unit_test(threads_that_come_and_go_do_no_harm),
        cmocka_unit_test(the_tracer_is_not_seen),
        cmocka_unit_test(the_probe_finds_a_method_and_leaves_no_trace),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
