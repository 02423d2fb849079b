/*
 * Waits in every system call that a stop could interrupt, and says whether
 * one ever ended with EINTR, or not when it should.
 *
 *   probe SECONDS
 *
 * A call with a timeout waits for a while that differs each time; a call
 * without one waits for a byte, a semaphore or a message that the main
 * thread sends now and then. Prints a line for each call: how often it came
 * back, EINTR, ends before time, and by how much the latest end was late.
 * Exit status 1: EINTR, an end before time, or a call that never came back.
 */
#include <errno.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SHORTEST_MS = 20, LONGEST_MS = 160 };

static int empty_pipe[2]; /* never written to */
static int semaphore, message_queue;
static volatile bool done;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct timespec span_of(int ms)
{
    return (struct timespec){ms / 1000, ms % 1000 * 1000000L};
}

/* ---- calls with a timeout: 0 or more when they ended as they should ----- */

static int in_epoll_wait(int fd, int ms)
{
    struct epoll_event event;
    return epoll_wait(fd, &event, 1, ms);
}

static int in_epoll_pwait(int fd, int ms)
{
    struct epoll_event event;
    sigset_t none;
    sigemptyset(&none);
    return epoll_pwait(fd, &event, 1, ms, &none);
}

static int in_poll(int fd, int ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    return poll(&wait, 1, ms);
}

static int in_ppoll(int fd, int ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    struct timespec span = span_of(ms);
    return ppoll(&wait, 1, &span, NULL);
}

static int in_select(int fd, int ms)
{
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &span);
}

static int in_pselect(int fd, int ms)
{
    struct timespec span = span_of(ms);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return pselect(fd + 1, &set, NULL, NULL, &span, NULL);
}

static int in_nanosleep(int fd, int ms)
{
    struct timespec span = span_of(ms);
    (void)fd;
    return nanosleep(&span, NULL);
}

static int in_clock_nanosleep(int fd, int ms)
{
    struct timespec end;
    (void)fd;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    return errno == 0 ? 0 : -1;
}

static int in_semtimedop(int fd, int ms)
{
    struct sembuf take = {1, -1, 0};
    struct timespec span = span_of(ms);
    (void)fd;
    return semtimedop(semaphore, &take, 1, &span);
}

static int in_sigtimedwait(int fd, int ms)
{
    struct timespec span = span_of(ms);
    sigset_t set;
    (void)fd;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &span);
}

static int in_futex(int fd, int ms)
{
    static uint32_t word;
    struct timespec span = span_of(ms);
    (void)fd;
    return (int)syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span, NULL, 0);
}

static int in_pthread_cond_timedwait(int fd, int ms)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec end;
    (void)fd;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    errno = pthread_cond_timedwait(&never, &lock, &end);
    pthread_mutex_unlock(&lock);
    return -1;
}

static void set_timeout(int fd, int ms)
{
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
}

static int in_recv_with_timeout(int fd, int ms)
{
    char byte;
    set_timeout(fd, ms);
    return (int)recv(fd, &byte, 1, 0);
}

static int in_accept_with_timeout(int fd, int ms)
{
    set_timeout(fd, ms);
    return accept(fd, NULL, NULL);
}

/* ---- calls without: the main thread wakes them -------------------------- */

static int in_read(int fd, int ms)
{
    char byte;
    (void)ms;
    return (int)read(fd, &byte, 1);
}

static int in_recv(int fd, int ms)
{
    char byte;
    (void)ms;
    return (int)recv(fd, &byte, 1, 0);
}

static int in_epoll_wait_for_ever(int fd, int ms)
{
    struct epoll_event event;
    uint64_t number;
    (void)ms;
    int result = epoll_wait(fd, &event, 1, -1);
    return result == 1 ? (int)read(event.data.fd, &number, 8) : result;
}

static int in_poll_for_ever(int fd, int ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    char byte;
    (void)ms;
    int result = poll(&wait, 1, -1);
    return result == 1 ? (int)read(fd, &byte, 1) : result;
}

static int in_semop(int fd, int ms)
{
    struct sembuf take = {0, -1, 0};
    (void)fd;
    (void)ms;
    return semop(semaphore, &take, 1);
}

static int in_msgrcv(int fd, int ms)
{
    struct {
        long type;
        char text[8];
    } message;
    (void)fd;
    (void)ms;
    return (int)msgrcv(message_queue, &message, sizeof message.text, 0, 0);
}

/* ---- the threads -------------------------------------------------------- */

enum feed { NOTHING, BYTE, EVENT, SEMAPHORE, MESSAGE };

static struct call {
    const char *name;
    int (*wait)(int fd, int ms);
    bool ends; /* it has a timeout */
    enum feed feed;
    int fd, feed_fd; /* waits on, is fed through */
    int64_t began_us;
    unsigned ended, interrupted, early;
    int64_t late_us;
} calls[] = {
#define TIMED(name)                                                            \
    {                                                                          \
#name, in_##name, true, NOTHING, -1, -1, 0, 0, 0, 0, 0                 \
    }
#define FED(name, by)                                                          \
    {                                                                          \
#name, in_##name, false, by, -1, -1, 0, 0, 0, 0, 0                     \
    }
    TIMED(epoll_wait),
    TIMED(epoll_pwait),
    TIMED(poll),
    TIMED(ppoll),
    TIMED(select),
    TIMED(pselect),
    TIMED(nanosleep),
    TIMED(clock_nanosleep),
    TIMED(semtimedop),
    TIMED(sigtimedwait),
    TIMED(futex),
    TIMED(pthread_cond_timedwait),
    TIMED(recv_with_timeout),
    TIMED(accept_with_timeout),
    FED(read, BYTE),
    FED(recv, BYTE),
    FED(epoll_wait_for_ever, EVENT),
    FED(poll_for_ever, BYTE),
    FED(semop, SEMAPHORE),
    FED(msgrcv, MESSAGE),
};
#define CALLS (sizeof calls / sizeof *calls)

static void *wait_again_and_again(void *with)
{
    struct call *call = with;
    unsigned seed = (unsigned)(call - calls);
    while (!done) {
        int ms = SHORTEST_MS + rand_r(&seed) % (LONGEST_MS - SHORTEST_MS);
        call->began_us = now_us();
        errno = 0;
        int result = call->wait(call->fd, ms);
        int error = errno;
        int64_t late = now_us() - call->began_us - ms * 1000;
        call->interrupted += result < 0 && error == EINTR;
        if (call->ends && late < -1000)
            call->early++;
        if (call->ends && late > call->late_us)
            call->late_us = late;
        call->ended++;
    }
    return NULL;
}

static int open_listener(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ||
        listen(fd, 4) != 0)
        perror("listen");
    return fd;
}

static void open_call(struct call *call)
{
    int pair[2];
    call->fd = empty_pipe[0];
    if (strstr(call->name, "epoll") != NULL) {
        struct epoll_event event = {.events = EPOLLIN};
        call->fd = epoll_create1(0);
        event.data.fd = call->feed_fd = eventfd(0, 0);
        epoll_ctl(call->fd, EPOLL_CTL_ADD, call->feed_fd, &event);
    } else if (strstr(call->name, "accept") != NULL) {
        call->fd = open_listener();
    } else if (strstr(call->name, "recv") != NULL || call->feed == BYTE) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
            perror("socketpair");
        call->fd = pair[0];
        call->feed_fd = pair[1];
    }
}

static void feed(const struct call *call)
{
    static const uint64_t one = 1;
    struct sembuf give = {0, 1, 0};
    struct {
        long type;
        char text[8];
    } message = {1, ""};
    bool given = true;
    switch (call->feed) {
    case NOTHING:
        break;
    case BYTE:
        given = write(call->feed_fd, "x", 1) == 1;
        break;
    case EVENT:
        given = write(call->feed_fd, &one, sizeof one) == sizeof one;
        break;
    case SEMAPHORE:
        given = semop(semaphore, &give, 1) == 0;
        break;
    case MESSAGE:
        given = msgsnd(message_queue, &message, sizeof message.text, 0) == 0;
        break;
    }
    if (!given)
        perror(call->name);
}

static int report(void)
{
    int wrong = 0;
    printf("%-24s %6s %6s %6s %9s\n", "call", "ended", "EINTR", "early",
           "late");
    for (size_t i = 0; i < CALLS; i++) {
        const struct call *call = &calls[i];
        printf("%-24s %6u %6u %6u %6.1f ms\n", call->name, call->ended,
               call->interrupted, call->early, (double)call->late_us / 1000);
        wrong |= call->interrupted != 0 || call->early != 0 || call->ended == 0;
    }
    return wrong;
}

int main(int count, char **words)
{
    sigset_t set;
    pthread_t thread;
    if (count != 2 || pipe(empty_pipe) != 0)
        return 2;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    semaphore = semget(IPC_PRIVATE, 2, 0600);
    message_queue = msgget(IPC_PRIVATE, 0600);
    int64_t end = now_us() + (int64_t)(atof(words[1]) * 1e6);
    for (size_t i = 0; i < CALLS; i++) {
        open_call(&calls[i]);
        if (pthread_create(&thread, NULL, wait_again_and_again, &calls[i]) != 0)
            return 2;
    }
    for (unsigned round = 0; now_us() < end; round++) {
        usleep(30000 + round % 7 * 20000);
        for (size_t i = 0; i < CALLS; i++)
            feed(&calls[i]);
    }
    done = true;
    int wrong = report();
    semctl(semaphore, 0, IPC_RMID);
    msgctl(message_queue, IPC_RMID, NULL);
    fflush(stdout);
    _exit(wrong);
}
