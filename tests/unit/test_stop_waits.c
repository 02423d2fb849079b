/* Calls that a stop interrupts go on, and end when they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/os.h"
#include "agent/stop.h"
#include "agent/stop_waits.h"

static const enum tenure__stop_method both[] = {TENURE__STOP_PTRACE,
                                                TENURE__STOP_SIGNAL};

struct waiter;
struct wait {
    const char *name;
    long (*wait)(struct waiter *waiter, int ms);
    int error; /* that it ends with; 0: with a result of 0 */
};
struct waiter {
    const struct wait *wait;
    int ms, fd;
    pthread_t thread;
    volatile bool ready, ended;
    long result;
    int error;
};

static struct timespec span_of(int ms)
{
    return (struct timespec){ms / 1000, ms % 1000 * 1000000L};
}

/* ---- waits -------------------------------------------------------------- */

static long in_select(struct waiter *waiter, int ms)
{
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(waiter->fd, &set);
    return select(waiter->fd + 1, &set, NULL, NULL, &span);
}

static long in_ppoll(struct waiter *waiter, int ms)
{
    struct timespec span = span_of(ms);
    struct pollfd readable = {waiter->fd, POLLIN, 0};
    long result = syscall(SYS_ppoll, &readable, 1, &span, NULL, 8);
    /* What the kernel leaves there of a timeout that is over. */
    return span.tv_sec == 0 && span.tv_nsec == 0 ? result : -2;
}

static long in_ppoll_of_constant(struct waiter *waiter, int ms)
{
    struct timespec *span = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct pollfd readable = {waiter->fd, POLLIN, 0};
    *span = span_of(ms);
    mprotect(span, 4096, PROT_READ);
    return syscall(SYS_ppoll, &readable, 1, span, NULL, 8);
}

static long in_io_pgetevents(struct waiter *waiter, int ms)
{
    aio_context_t context = 0;
    struct io_event event;
    struct timespec span = span_of(ms);
    (void)waiter;
    if (syscall(SYS_io_setup, 1, &context) != 0)
        return -2;
    return syscall(SYS_io_pgetevents, context, 1, 1, &event, &span, NULL);
}

static long in_io_uring_enter(struct waiter *waiter, int ms)
{
    struct io_uring_params parameters = {0};
    struct timespec span = span_of(ms);
    uint64_t argument[3] = {0, 8, (uint64_t)&span};
    (void)waiter;
    long ring = syscall(SYS_io_uring_setup, 1, &parameters);
    return syscall(SYS_io_uring_enter, ring, 0, 1,
                   IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, argument,
                   sizeof argument);
}

static long in_nanosleep(struct waiter *waiter, int ms)
{
    struct timespec span = span_of(ms);
    (void)waiter;
    return nanosleep(&span, NULL);
}

static long in_poll(struct waiter *waiter, int ms)
{
    struct pollfd readable = {waiter->fd, POLLIN, 0};
    return poll(&readable, 1, ms);
}

static int make_pair(int option, int ms)
{
    int end[2];
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, end) != 0)
        return -1;
    setsockopt(end[0], SOL_SOCKET, option, &span, sizeof span);
    return end[0];
}

static long in_recv(struct waiter *waiter, int ms)
{
    char byte;
    (void)waiter;
    return recv(make_pair(SO_RCVTIMEO, ms), &byte, 1, 0);
}

static long in_send(struct waiter *waiter, int ms)
{
    int fd = make_pair(SO_SNDTIMEO, ms);
    (void)waiter;
    while (send(fd, "x", 1, MSG_DONTWAIT) == 1)
        ;
    return send(fd, "x", 1, 0);
}

/* To one whose queue is full: it does not answer. */
static long in_connect(struct waiter *waiter, int ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    (void)waiter;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, bytes);
    listen(listener, 0);
    getsockname(listener, (struct sockaddr *)&address, &bytes);
    for (int i = 0; i < 2; i++)
        connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
                (struct sockaddr *)&address, bytes);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof span);
    return connect(fd, (struct sockaddr *)&address, bytes);
}

static const struct wait waits[] = {
    {"select", in_select, 0},
    {"ppoll", in_ppoll, 0},
    {"ppoll of constant memory", in_ppoll_of_constant, 0},
    {"io_pgetevents", in_io_pgetevents, 0},
    {"io_uring_enter", in_io_uring_enter, ETIME},
    {"nanosleep", in_nanosleep, 0},
    {"poll", in_poll, 0},
    {"recv", in_recv, EAGAIN},
    {"send", in_send, EAGAIN},
    {"connect", in_connect, EINPROGRESS},
};
#define WAITS (sizeof waits / sizeof *waits)

static void *wait_once(void *with)
{
    struct waiter *waiter = with;
    waiter->ready = true;
    errno = 0;
    waiter->result = waiter->wait->wait(waiter, waiter->ms);
    waiter->error = errno;
    waiter->ended = true;
    return NULL;
}

static void start(struct waiter *waiter, const struct wait *wait, int fd)
{
    *waiter = (struct waiter){.wait = wait, .ms = 700, .fd = fd};
    assert_int_equal(pthread_create(&waiter->thread, NULL, wait_once, waiter),
                     0);
    while (!waiter->ready)
        usleep(100);
}

static void finish(struct waiter *waiter)
{
    pthread_join(waiter->thread, NULL);
    if (waiter->wait->error == 0)
        assert_int_equal(waiter->result, 0);
    else
        assert_int_equal(waiter->result, -1);
    if (waiter->wait->error != 0)
        assert_int_equal(waiter->error, waiter->wait->error);
}

/* ---- a timeout ---------------------------------------------------------- */

static void dawdle(const struct tenure__stopped *stopped, void *with)
{
    struct timespec span = {0, 20000000};
    (void)stopped;
    (void)with;
    tenure__syscall2(SYS_nanosleep, &span, 0);
}

/* Threads go on for a tenth of the time. A wait that ended later by the time
 * of each stop would outlast 300 of them, one that began anew all. */
static void a_timeout_goes_on_while_the_threads_are_stopped(void **state)
{
    (void)state;
    for (int method = 0; method < 2; method++) {
        struct waiter waiter[WAITS];
        struct tenure__stopped stopped;
        int end[2];
        assert_int_equal(pipe(end), 0);
        for (size_t i = 0; i < WAITS; i++)
            start(&waiter[i], &waits[i], end[0]);
        usleep(20000);
        for (int stops = 0; stops < 150; stops++) {
            tenure__stop(both[method], 5000, dawdle, NULL, &stopped);
            usleep(2000);
        }
        for (size_t i = 0; i < WAITS; i++) {
            if (!waiter[i].ended)
                print_error("%s waits still\n", waits[i].name);
            assert_true(waiter[i].ended);
            finish(&waiter[i]);
        }
        close(end[0]);
        close(end[1]);
    }
}

/* ---- what it waits for comes -------------------------------------------- */

static long in_recv_of_two(struct waiter *waiter, int ms)
{
    struct timeval span = {60, 0};
    char byte[2] = "";
    (void)ms;
    setsockopt(waiter->fd, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
    long got = recv(waiter->fd, byte, sizeof byte, 0);
    return got == 2 && byte[0] == 'a' && byte[1] == 'b' ? 0 : got;
}

static void what_comes_after_a_stop_is_received(void **state)
{
    (void)state;
    const struct wait receiving = {"recv", in_recv_of_two, 0};
    for (int method = 0; method < 2; method++)
        for (int stops = 1; stops < 4; stops++) {
            struct waiter waiter;
            struct tenure__stopped stopped;
            int end[2];
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
            start(&waiter, &receiving, end[0]);
            for (int i = 0; i < stops; i++) {
                usleep(20000);
                tenure__stop(both[method], 5000, dawdle, NULL, &stopped);
            }
            assert_false(waiter.ended);
            assert_int_equal(write(end[1], "ab", 2), 2);
            finish(&waiter);
            close(end[0]);
            close(end[1]);
        }
}

/* ---- a signal of the service -------------------------------------------- */

static volatile int handled;
static volatile int waiter_tid;

static void count_signal(int number)
{
    (void)number;
    handled++;
}

static long in_pause(struct waiter *waiter, int ms)
{
    (void)waiter;
    (void)ms;
    waiter_tid = tenure__os_tid();
    return pause();
}

static void send_signal(const struct tenure__stopped *stopped, void *with)
{
    dawdle(stopped, with);
    tenure__syscall2(SYS_tkill, waiter_tid, SIGUSR1);
}

static void a_signal_that_comes_during_a_stop_ends_a_pause(void **state)
{
    (void)state;
    const struct wait pausing = {"pause", in_pause, EINTR};
    struct sigaction action = {.sa_handler = count_signal};
    sigaction(SIGUSR1, &action, NULL);
    for (int method = 0; method < 2; method++) {
        struct waiter waiter;
        struct tenure__stopped stopped;
        waiter_tid = handled = 0;
        start(&waiter, &pausing, -1);
        usleep(50000);
        tenure__stop(both[method], 5000, dawdle, NULL, &stopped);
        assert_false(waiter.ended);
        tenure__stop(both[method], 5000, send_signal, NULL, &stopped);
        finish(&waiter);
        assert_int_equal(handled, 1);
    }
}

/* ---- close -------------------------------------------------------------- */

/* It has closed the descriptor, whatever it says (close(2)): to close it
 * again might hit another's. */
static void an_interrupted_close_is_not_made_again(void **state)
{
    (void)state;
#if defined(__x86_64__)
    tenure__registers registers = {.orig_rax = SYS_close,
                                   .rax = (unsigned long long)-EINTR,
                                   .rip = 0x1000};
    struct tenure__wait *wait;
    assert_int_equal(tenure__waits_look(false), 0);
    assert_true(tenure__wait_stopped(getpid(), 1, &registers, &wait));
    assert_null(wait);
    assert_int_equal(registers.rax, 0);
    assert_int_equal(registers.rip, 0x1000);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeout_goes_on_while_the_threads_are_stopped),
        cmocka_unit_test(what_comes_after_a_stop_is_received),
        cmocka_unit_test(a_signal_that_comes_during_a_stop_ends_a_pause),
        cmocka_unit_test(an_interrupted_close_is_not_made_again),
    };
    return cmocka_run_group_tests_name("stop_waits", tests, NULL, NULL);
}
