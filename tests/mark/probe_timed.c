/* Calls of the probe that end by a timeout of their own. */
#include "tests/mark/probe.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int bad(void)
{
    errno = EBADMSG;
    return -1;
}

static void open_silent_pipe(struct call *call)
{
    int ends[2];
    need(pipe(ends), "pipe");
    call->fd = ends[0];
}

static void open_epoll(struct call *call)
{
    call->fd = need(epoll_create1(0), "epoll_create1");
}

/* ---- several descriptors ------------------------------------------------ */

static int in_epoll_wait(struct call *call, int ms)
{
    struct epoll_event event;
    return epoll_wait(call->fd, &event, 1, ms);
}

static int in_epoll_pwait(struct call *call, int ms)
{
    struct epoll_event event;
    sigset_t none;
    sigemptyset(&none);
    return epoll_pwait(call->fd, &event, 1, ms, &none);
}

static int in_epoll_pwait2(struct call *call, int ms)
{
    struct epoll_event event;
    struct timespec span = span_of(ms);
    int result =
        (int)syscall(SYS_epoll_pwait2, call->fd, &event, 1, &span, NULL, 8);
    return result < 0 || span.tv_nsec == span_of(ms).tv_nsec ? result : bad();
}

static int in_poll(struct call *call, int ms)
{
    struct pollfd wait = {call->fd, POLLIN, 0};
    return poll(&wait, 1, ms);
}

static int in_ppoll(struct call *call, int ms)
{
    struct pollfd wait = {call->fd, POLLIN, 0};
    struct timespec span = span_of(ms);
    int result = (int)syscall(SYS_ppoll, &wait, 1, &span, NULL, 8);
    /* The kernel leaves what is left. */
    return result < 0 || (span.tv_sec == 0 && span.tv_nsec == 0) ? result
                                                                 : bad();
}

/* The kernel cannot leave it there, and says EINTR whatever stops it. */
static int in_ppoll_of_constant(struct call *call, int ms)
{
    struct pollfd wait = {call->fd, POLLIN, 0};
    struct timespec *span = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *span = span_of(ms);
    mprotect(span, 4096, PROT_READ);
    int result = (int)syscall(SYS_ppoll, &wait, 1, span, NULL, 8);
    int error = errno;
    bool kept = span->tv_nsec == span_of(ms).tv_nsec;
    munmap(span, 4096);
    errno = error;
    return result < 0 || kept ? result : bad();
}

static int in_pselect6(struct call *call, int ms)
{
    struct timespec span = span_of(ms);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(call->fd, &set);
    int result =
        (int)syscall(SYS_pselect6, call->fd + 1, &set, NULL, NULL, &span, NULL);
    return result < 0 || (span.tv_sec == 0 && span.tv_nsec == 0) ? result
                                                                 : bad();
}

static int in_pselect(struct call *call, int ms)
{
    struct timespec span = span_of(ms);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(call->fd, &set);
    return pselect(call->fd + 1, &set, NULL, NULL, &span, NULL);
}

static int in_select(struct call *call, int ms)
{
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(call->fd, &set);
#ifdef SYS_select
    int result =
        (int)syscall(SYS_select, call->fd + 1, &set, NULL, NULL, &span);
#else
    int result = select(call->fd + 1, &set, NULL, NULL, &span);
#endif
    return result < 0 || (span.tv_sec == 0 && span.tv_usec == 0) ? result
                                                                 : bad();
}

/* ---- time --------------------------------------------------------------- */

static int in_nanosleep(struct call *call, int ms)
{
    struct timespec span = span_of(ms);
    (void)call;
    return nanosleep(&span, NULL);
}

static int in_clock_nanosleep(struct call *call, int ms)
{
    struct timespec span = span_of(ms), left;
    (void)call;
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &span, &left);
    return errno == 0 ? 0 : -1;
}

static int in_sleep_until(struct call *call, int ms)
{
    struct timespec end = time_in(CLOCK_MONOTONIC, ms);
    (void)call;
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    return errno == 0 ? 0 : -1;
}

static void open_timer(struct call *call)
{
    call->fd = need(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
}

static int in_read_of_timer(struct call *call, int ms)
{
    struct itimerspec span = {.it_value = span_of(ms)};
    uint64_t times;
    timerfd_settime(call->fd, 0, &span, NULL);
    return (int)read(call->fd, &times, sizeof times);
}

/* ---- System V, signals, message queues ---------------------------------- */

static void open_semaphore(struct call *call)
{
    call->fd = need(semget(IPC_PRIVATE, 1, 0600), "semget");
}

static int in_semtimedop(struct call *call, int ms)
{
    struct sembuf take = {0, -1, 0};
    struct timespec span = span_of(ms);
    return semtimedop(call->fd, &take, 1, &span);
}

static int in_sigtimedwait(struct call *call, int ms)
{
    struct timespec span = span_of(ms);
    sigset_t set;
    (void)call;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &span);
}

static void open_message_queue(struct call *call)
{
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    snprintf(name, sizeof name, "/tenure-probe-%d-%s", (int)getpid(),
             call->name);
    call->fd =
        need(mq_open(name, O_RDWR | O_CREAT, 0600, &attributes), "mq_open");
    mq_unlink(name);
}

static int in_mq_timedreceive(struct call *call, int ms)
{
    struct timespec end = time_in(CLOCK_REALTIME, ms);
    char text[8];
    return (int)mq_timedreceive(call->fd, text, sizeof text, NULL, &end);
}

static int in_mq_timedsend(struct call *call, int ms)
{
    struct timespec end = time_in(CLOCK_REALTIME, ms), past = {0};
    while (mq_timedsend(call->fd, "x", 1, 0, &past) == 0)
        ;
    return mq_timedsend(call->fd, "x", 1, 0, &end);
}

/* ---- futexes ------------------------------------------------------------ */

static int in_futex(struct call *call, int ms)
{
    static uint32_t word;
    struct timespec span = span_of(ms);
    (void)call;
    return (int)syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span, NULL, 0);
}

static int in_futex_bitset(struct call *call, int ms)
{
    static uint32_t word;
    struct timespec end = time_in(CLOCK_MONOTONIC, ms);
    (void)call;
    return (int)syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &end,
                        NULL, FUTEX_BITSET_MATCH_ANY);
}

static int in_futex_lock_pi(struct call *call, int ms)
{
    static uint32_t word;
    struct timespec end = time_in(CLOCK_REALTIME, ms);
    (void)call;
    word = (uint32_t)getpid(); /* the main thread has it */
    return (int)syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, &end, NULL, 0);
}

static int in_futex_waitv(struct call *call, int ms)
{
    static uint32_t word;
    struct {
        uint64_t value, address;
        uint32_t flags, reserved;
    } wait = {0, (uint64_t)(uintptr_t)&word, 2, 0};
    struct timespec end = time_in(CLOCK_MONOTONIC, ms);
    (void)call;
    return (int)syscall(449, &wait, 1, 0, &end, CLOCK_MONOTONIC);
}

static int in_cond_timedwait(struct call *call, int ms)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec end = time_in(CLOCK_REALTIME, ms);
    (void)call;
    pthread_mutex_lock(&lock);
    int error = pthread_cond_timedwait(&never, &lock, &end);
    pthread_mutex_unlock(&lock);
    errno = error;
    return -1;
}

/* ---- asynchronous input and output -------------------------------------- */

static aio_context_t aio[2];

static void open_aio(struct call *call)
{
    call->fd = strcmp(call->name, "io_getevents") == 0;
    need((int)syscall(SYS_io_setup, 4, &aio[call->fd]), "io_setup");
}

static int in_io_getevents(struct call *call, int ms)
{
    struct io_event event;
    struct timespec span = span_of(ms);
    return (int)syscall(SYS_io_getevents, aio[call->fd], 1, 1, &event, &span);
}

static int in_io_pgetevents(struct call *call, int ms)
{
    struct io_event event;
    struct timespec span = span_of(ms);
    return (int)syscall(SYS_io_pgetevents, aio[call->fd], 1, 1, &event, &span,
                        NULL);
}

static void open_uring(struct call *call)
{
    struct io_uring_params parameters;
    memset(&parameters, 0, sizeof parameters);
    call->fd = need((int)syscall(SYS_io_uring_setup, 4, &parameters),
                    "io_uring_setup");
}

static int in_io_uring_enter(struct call *call, int ms)
{
    struct timespec span = span_of(ms);
    uint64_t argument[3] = {0, 8, (uint64_t)(uintptr_t)&span};
    return (int)syscall(SYS_io_uring_enter, call->fd, 0, 1,
                        IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, argument,
                        sizeof argument);
}

#define TIMED(name, open, error)                                               \
    {                                                                          \
#name, in_##name, open, NULL, error, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0,   \
            false                                                              \
    }

static struct call calls[] = {
    TIMED(epoll_wait, open_epoll, 0),
    TIMED(epoll_pwait, open_epoll, 0),
    TIMED(epoll_pwait2, open_epoll, 0),
    TIMED(poll, open_silent_pipe, 0),
    TIMED(ppoll, open_silent_pipe, 0),
    TIMED(ppoll_of_constant, open_silent_pipe, 0),
    TIMED(select, open_silent_pipe, 0),
    TIMED(pselect, open_silent_pipe, 0),
    TIMED(pselect6, open_silent_pipe, 0),
    TIMED(nanosleep, NULL, 0),
    TIMED(clock_nanosleep, NULL, 0),
    TIMED(sleep_until, NULL, 0),
    TIMED(read_of_timer, open_timer, 0),
    TIMED(semtimedop, open_semaphore, EAGAIN),
    TIMED(sigtimedwait, NULL, EAGAIN),
    TIMED(mq_timedreceive, open_message_queue, ETIMEDOUT),
    TIMED(mq_timedsend, open_message_queue, ETIMEDOUT),
    TIMED(futex, NULL, ETIMEDOUT),
    TIMED(futex_bitset, NULL, ETIMEDOUT),
    TIMED(futex_lock_pi, NULL, ETIMEDOUT),
    TIMED(futex_waitv, NULL, ETIMEDOUT),
    TIMED(cond_timedwait, NULL, ETIMEDOUT),
    TIMED(io_getevents, open_aio, 0),
    TIMED(io_pgetevents, open_aio, 0),
    TIMED(io_uring_enter, open_uring, ETIME),
};

struct calls timed_calls(void)
{
    return (struct calls){calls, sizeof calls / sizeof *calls};
}
