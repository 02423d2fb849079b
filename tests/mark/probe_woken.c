/* Calls of the probe that wait for ever, until the main thread wakes them. */
#include "tests/mark/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int bad(void)
{
    errno = EBADMSG;
    return -1;
}

/* ---- descriptors -------------------------------------------------------- */

static void open_pipe(struct call *call)
{
    int ends[2];
    need(pipe(ends), "pipe");
    call->fd = ends[0];
    call->feed_fd = ends[1];
}

static void feed_byte(struct call *call, unsigned round)
{
    (void)round;
    need((int)write(call->feed_fd, "x", 1), call->name);
}

static int in_read(struct call *call, int ms)
{
    char byte;
    (void)ms;
    return (int)read(call->fd, &byte, 1);
}

static int in_poll_for_ever(struct call *call, int ms)
{
    struct pollfd wait = {call->fd, POLLIN, 0};
    int result = poll(&wait, 1, -1);
    return result == 1 ? in_read(call, ms) : result;
}

/* What is left of the timeout is a part of it. */
static int in_ppoll_woken(struct call *call, int ms)
{
    struct pollfd wait = {call->fd, POLLIN, 0};
    struct timespec span = {1000, 0};
    int result = (int)syscall(SYS_ppoll, &wait, 1, &span, NULL, 8);
    if (result == 1 && (span.tv_sec >= 1000 || span.tv_sec < 900))
        return bad();
    return result == 1 ? in_read(call, ms) : result;
}

static void open_epoll(struct call *call)
{
    struct epoll_event event = {.events = EPOLLIN};
    open_pipe(call);
    event.data.fd = call->fd;
    call->fd = need(epoll_create1(0), "epoll_create1");
    need(epoll_ctl(call->fd, EPOLL_CTL_ADD, event.data.fd, &event), "epoll");
}

static int in_epoll_wait_for_ever(struct call *call, int ms)
{
    struct epoll_event event;
    char byte;
    (void)ms;
    int result = epoll_wait(call->fd, &event, 1, -1);
    return result == 1 ? (int)read(event.data.fd, &byte, 1) : result;
}

/* The last page of a pipe: feeding is taking a page from it. */
static void open_full_pipe(struct call *call)
{
    static const char page[4096];
    open_pipe(call);
    int end = call->fd;
    call->fd = call->feed_fd;
    call->feed_fd = end;
    need(fcntl(call->fd, F_SETFL, O_NONBLOCK), "fcntl");
    while (write(call->fd, page, sizeof page) > 0)
        ;
    need(fcntl(call->fd, F_SETFL, 0), "fcntl");
}

static void feed_room(struct call *call, unsigned round)
{
    char page[4096];
    (void)round;
    need((int)read(call->feed_fd, page, sizeof page), call->name);
}

static int in_write(struct call *call, int ms)
{
    static const char page[4096];
    (void)ms;
    return write(call->fd, page, sizeof page) == sizeof page ? 0 : -1;
}

static int in_splice(struct call *call, int ms)
{
    static int out = -1;
    (void)ms;
    if (out < 0)
        out = open("/dev/null", O_WRONLY);
    return (int)splice(call->fd, NULL, out, NULL, 1, 0);
}

static void open_event(struct call *call)
{
    call->fd = call->feed_fd = need(eventfd(0, 0), "eventfd");
}

static void feed_event(struct call *call, unsigned round)
{
    uint64_t one = 1;
    (void)round;
    need((int)write(call->feed_fd, &one, sizeof one), call->name);
}

static int in_read_of_event(struct call *call, int ms)
{
    uint64_t value;
    (void)ms;
    return (int)read(call->fd, &value, sizeof value);
}

static char directory[] = "/tmp/tenure-probe-XXXXXX";

static void open_inotify(struct call *call)
{
    if (mkdtemp(directory) == NULL)
        need(-1, "mkdtemp");
    call->fd = need(inotify_init1(0), "inotify_init1");
    need(inotify_add_watch(call->fd, directory, IN_DELETE_SELF | IN_ATTRIB),
         "inotify_add_watch");
    rmdir(directory);
}

static void feed_inotify(struct call *call, unsigned round)
{
    (void)round;
    if (mkdir(directory, 0700) == 0)
        inotify_add_watch(call->fd, directory, IN_DELETE_SELF);
    rmdir(directory);
}

static int in_read_of_inotify(struct call *call, int ms)
{
    char events[4096];
    (void)ms;
    return (int)read(call->fd, events, sizeof events);
}

/* ---- locks -------------------------------------------------------------- */

static void open_lock(struct call *call)
{
    char name[] = "/tmp/tenure-probe-XXXXXX";
    call->fd = need(mkstemp(name), "mkstemp");
    call->feed_fd = need(open(name, O_RDWR), name);
    unlink(name);
    call->feed(call, 1);
}

/* The main thread has the lock, and lets it go for a while. */
static void feed_flock(struct call *call, unsigned round)
{
    flock(call->feed_fd, round % 2 != 0 ? LOCK_EX | LOCK_NB : LOCK_UN);
}

static int in_flock(struct call *call, int ms)
{
    (void)ms;
    int result = flock(call->fd, LOCK_EX);
    if (result == 0)
        flock(call->fd, LOCK_UN);
    usleep(10000);
    return result;
}

static int set_lock(int fd, int how, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    return fcntl(fd, how, &lock);
}

static void feed_setlkw(struct call *call, unsigned round)
{
    set_lock(call->feed_fd, F_OFD_SETLK, round % 2 != 0 ? F_WRLCK : F_UNLCK);
}

static int in_setlkw(struct call *call, int ms)
{
    (void)ms;
    int result = set_lock(call->fd, F_OFD_SETLKW, F_WRLCK);
    if (result == 0)
        set_lock(call->fd, F_OFD_SETLK, F_UNLCK);
    usleep(10000);
    return result;
}

/* ---- System V ----------------------------------------------------------- */

static void open_semaphore(struct call *call)
{
    call->fd = need(semget(IPC_PRIVATE, 1, 0600), "semget");
}

static void feed_semaphore(struct call *call, unsigned round)
{
    struct sembuf give = {0, 1, 0};
    (void)round;
    need(semop(call->fd, &give, 1), call->name);
}

static int in_semop(struct call *call, int ms)
{
    struct sembuf take = {0, -1, 0};
    (void)ms;
    return semop(call->fd, &take, 1);
}

struct message {
    long type;
    char text[8];
};

static void open_messages(struct call *call)
{
    call->fd = need(msgget(IPC_PRIVATE, 0600), "msgget");
}

static void feed_message(struct call *call, unsigned round)
{
    struct message message = {1, ""};
    (void)round;
    need(msgsnd(call->fd, &message, sizeof message.text, 0), call->name);
}

static int in_msgrcv(struct call *call, int ms)
{
    struct message message;
    (void)ms;
    return (int)msgrcv(call->fd, &message, sizeof message.text, 0, 0);
}

static void open_full_messages(struct call *call)
{
    struct message message = {1, ""};
    open_messages(call);
    while (msgsnd(call->fd, &message, sizeof message.text, IPC_NOWAIT) == 0)
        ;
}

static void feed_message_room(struct call *call, unsigned round)
{
    struct message message;
    (void)round;
    need((int)msgrcv(call->fd, &message, sizeof message.text, 0, 0),
         call->name);
}

static int in_msgsnd(struct call *call, int ms)
{
    struct message message = {1, ""};
    (void)ms;
    return msgsnd(call->fd, &message, sizeof message.text, 0);
}

/* ---- signals and children ----------------------------------------------- */

static __thread volatile int handled;

static void handle(int number)
{
    (void)number;
    handled++;
}

static void open_handler(struct call *call)
{
    struct sigaction action = {.sa_handler = handle};
    (void)call;
    need(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

static void feed_handler(struct call *call, unsigned round)
{
    (void)round;
    syscall(SYS_tgkill, getpid(), call->tid, SIGUSR1);
}

/* EINTR is right here if, and only if, the handler has run. */
static int in_pause(struct call *call, int ms)
{
    int before = handled;
    (void)call;
    (void)ms;
    int result = pause();
    return result == -1 && errno == EINTR && handled > before ? 0 : bad();
}

static int in_sigsuspend(struct call *call, int ms)
{
    sigset_t set, none;
    (void)call;
    (void)ms;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int before = handled;
    int result = sigsuspend(&none);
    return result == -1 && errno == EINTR && handled > before ? 0 : bad();
}

static void open_waiting_signal(struct call *call)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    call->fd = need(signalfd(-1, &set, 0), "signalfd");
}

static void feed_waiting_signal(struct call *call, unsigned round)
{
    (void)round;
    syscall(SYS_tgkill, getpid(), call->tid, SIGUSR2);
}

static int in_sigwaitinfo(struct call *call, int ms)
{
    sigset_t set;
    (void)call;
    (void)ms;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigwaitinfo(&set, NULL) == SIGUSR2 ? 0 : -1;
}

static int in_read_of_signal(struct call *call, int ms)
{
    struct signalfd_siginfo info;
    (void)ms;
    return (int)read(call->fd, &info, sizeof info);
}

/* A child that ends when there is a byte for it, and that libc does not know
 * of: it has one thread and makes no call but these. */
static pid_t make_child(const struct call *call)
{
    char byte;
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        syscall(SYS_read, call->fd, &byte, 1);
        syscall(SYS_exit_group, 0);
    }
    return pid;
}

static int in_wait4(struct call *call, int ms)
{
    int status;
    (void)ms;
    return waitpid(make_child(call), &status, 0) > 0 ? 0 : -1;
}

static int in_waitid(struct call *call, int ms)
{
    siginfo_t info;
    (void)ms;
    return waitid(P_PID, (id_t)make_child(call), &info, WEXITED);
}

#define WOKEN(name, open, feed)                                                \
    {                                                                          \
#name, in_##name, open, feed, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, false \
    }

static struct call calls[] = {
    WOKEN(read, open_pipe, feed_byte),
    WOKEN(poll_for_ever, open_pipe, feed_byte),
    WOKEN(ppoll_woken, open_pipe, feed_byte),
    WOKEN(epoll_wait_for_ever, open_epoll, feed_byte),
    WOKEN(write, open_full_pipe, feed_room),
    WOKEN(splice, open_pipe, feed_byte),
    WOKEN(read_of_event, open_event, feed_event),
    WOKEN(read_of_inotify, open_inotify, feed_inotify),
    WOKEN(flock, open_lock, feed_flock),
    WOKEN(setlkw, open_lock, feed_setlkw),
    WOKEN(semop, open_semaphore, feed_semaphore),
    WOKEN(msgrcv, open_messages, feed_message),
    WOKEN(msgsnd, open_full_messages, feed_message_room),
    WOKEN(pause, open_handler, feed_handler),
    WOKEN(sigsuspend, open_handler, feed_handler),
    WOKEN(sigwaitinfo, NULL, feed_waiting_signal),
    WOKEN(read_of_signal, open_waiting_signal, feed_waiting_signal),
    WOKEN(wait4, open_pipe, feed_byte),
    WOKEN(waitid, open_pipe, feed_byte),
};

struct calls woken_calls(void)
{
    return (struct calls){calls, sizeof calls / sizeof *calls};
}
