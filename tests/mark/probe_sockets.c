/* Calls of the probe that wait for a socket, by its timeout or for ever. */
#include "tests/mark/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void set_timeout(int fd, int option, int ms)
{
    struct timeval span = {ms / 1000, ms % 1000 * 1000};
    need(setsockopt(fd, SOL_SOCKET, option, &span, sizeof span), "setsockopt");
}

static void open_pair(struct call *call)
{
    int ends[2];
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    call->fd = ends[0];
    call->feed_fd = ends[1];
}

/* Nothing more can be sent. */
static void open_full_pair(struct call *call)
{
    open_pair(call);
    while (send(call->fd, "x", 1, MSG_DONTWAIT) == 1)
        ;
}

static int open_inet(struct sockaddr_in *address, int backlog)
{
    socklen_t bytes = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = need(socket(AF_INET, SOCK_STREAM, 0), "socket");
    need(bind(fd, (struct sockaddr *)address, bytes), "bind");
    need(listen(fd, backlog), "listen");
    need(getsockname(fd, (struct sockaddr *)address, &bytes), "getsockname");
    return fd;
}

static void open_listener(struct call *call)
{
    struct sockaddr_in address;
    call->fd = open_inet(&address, 4);
}

/* ---- receiving ---------------------------------------------------------- */

static int in_recv_timed(struct call *call, int ms)
{
    char byte;
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return (int)recv(call->fd, &byte, 1, 0);
}

static int in_read_timed(struct call *call, int ms)
{
    char byte;
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return (int)read(call->fd, &byte, 1);
}

static int in_recvmsg_timed(struct call *call, int ms)
{
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return (int)recvmsg(call->fd, &message, 0);
}

static int in_recvmmsg_timed(struct call *call, int ms)
{
    char byte;
    struct iovec part = {&byte, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return recvmmsg(call->fd, &message, 1, 0, NULL);
}

static int in_accept_timed(struct call *call, int ms)
{
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return accept(call->fd, NULL, NULL);
}

static int in_accept4_timed(struct call *call, int ms)
{
    set_timeout(call->fd, SO_RCVTIMEO, ms);
    return accept4(call->fd, NULL, NULL, SOCK_CLOEXEC);
}

static void feed_byte(struct call *call, unsigned round)
{
    (void)round;
    need((int)write(call->feed_fd, "x", 1), call->name);
}

static int in_recv(struct call *call, int ms)
{
    char byte;
    (void)ms;
    return (int)recv(call->fd, &byte, 1, 0);
}

/* Has a timeout, but what it waits for comes first. */
static int in_recv_in_time(struct call *call, int ms)
{
    char byte = 0;
    (void)ms;
    set_timeout(call->fd, SO_RCVTIMEO, 60000);
    int result = (int)recv(call->fd, &byte, 1, 0);
    if (result < 0 || (result == 1 && byte == 'x'))
        return result;
    errno = EBADMSG;
    return -1;
}

static int in_recvmmsg_in_time(struct call *call, int ms)
{
    struct timespec span = {60, 0};
    char byte;
    struct iovec part = {&byte, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    (void)ms;
    return recvmmsg(call->fd, &message, 1, 0, &span);
}

/* ---- sending ------------------------------------------------------------ */

static int in_send_timed(struct call *call, int ms)
{
    set_timeout(call->fd, SO_SNDTIMEO, ms);
    return (int)send(call->fd, "x", 1, MSG_NOSIGNAL);
}

static int in_write_timed(struct call *call, int ms)
{
    set_timeout(call->fd, SO_SNDTIMEO, ms);
    return (int)write(call->fd, "x", 1);
}

static int in_sendmsg_timed(struct call *call, int ms)
{
    struct iovec part = {(void *)(uintptr_t) "x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    set_timeout(call->fd, SO_SNDTIMEO, ms);
    return (int)sendmsg(call->fd, &message, MSG_NOSIGNAL);
}

static void feed_room(struct call *call, unsigned round)
{
    char bytes[4096];
    (void)round;
    while (recv(call->feed_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

/* Until it waits for room. */
static int in_send(struct call *call, int ms)
{
    int sent = 1;
    (void)ms;
    for (int i = 0; i < 1000 && sent == 1; i++)
        sent = (int)send(call->fd, "x", 1, MSG_NOSIGNAL);
    return sent;
}

static int in_send_in_time(struct call *call, int ms)
{
    set_timeout(call->fd, SO_SNDTIMEO, 60000);
    return in_send(call, ms);
}

/* ---- connections -------------------------------------------------------- */

/* A listener whose queue has room for one connection, which is there: more
 * are not answered. */
static void open_refusing(struct call *call)
{
    struct sockaddr_in address;
    call->feed_fd = open_inet(&address, 0);
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&address, sizeof address);
    }
}

static int connect_to(const struct call *call, int ms)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;
    getsockname(call->feed_fd, (struct sockaddr *)&address, &bytes);
    int fd = need(socket(address.ss_family, SOCK_STREAM, 0), "socket");
    if (ms > 0)
        set_timeout(fd, SO_SNDTIMEO, ms);
    int result = connect(fd, (struct sockaddr *)&address, bytes);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static int in_connect_timed(struct call *call, int ms)
{
    return connect_to(call, ms);
}

static int in_connect(struct call *call, int ms)
{
    (void)ms;
    return connect_to(call, 0);
}

static int in_connect_in_time(struct call *call, int ms)
{
    (void)ms;
    return connect_to(call, 60000);
}

static int in_connect_unix(struct call *call, int ms)
{
    (void)ms;
    return connect_to(call, 0);
}

static int in_connect_unix_in_time(struct call *call, int ms)
{
    (void)ms;
    return connect_to(call, 60000);
}

static void open_queue(struct call *call)
{
    struct sockaddr_in address;
    call->feed_fd = open_inet(&address, 0);
}

static void open_unix_queue(struct call *call)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    call->feed_fd = need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    /* A name is chosen for it. */
    need(bind(call->feed_fd, (struct sockaddr *)&address,
              sizeof address.sun_family),
         "bind");
    need(listen(call->feed_fd, 0), "listen");
}

static void feed_accept(struct call *call, unsigned round)
{
    (void)round;
    need(fcntl(call->feed_fd, F_SETFL, O_NONBLOCK), "fcntl");
    int fd = accept(call->feed_fd, NULL, NULL);
    if (fd >= 0)
        close(fd);
}

static void open_acceptor(struct call *call)
{
    struct sockaddr_in address;
    call->fd = call->feed_fd = open_inet(&address, 4);
}

static void feed_connection(struct call *call, unsigned round)
{
    (void)round;
    need(connect_to(call, 0), call->name);
}

static int in_accept(struct call *call, int ms)
{
    (void)ms;
    int fd = accept(call->fd, NULL, NULL);
    if (fd >= 0)
        close(fd);
    return fd;
}

static int in_accept_in_time(struct call *call, int ms)
{
    set_timeout(call->fd, SO_RCVTIMEO, 60000);
    return in_accept(call, ms);
}

#define TIMED(name, open, error)                                               \
    {                                                                          \
#name, in_##name, open, NULL, error, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0,   \
            false                                                              \
    }
#define WOKEN(name, open, feed)                                                \
    {                                                                          \
#name, in_##name, open, feed, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, false \
    }

static struct call calls[] = {
    TIMED(recv_timed, open_pair, EAGAIN),
    TIMED(read_timed, open_pair, EAGAIN),
    TIMED(recvmsg_timed, open_pair, EAGAIN),
    TIMED(recvmmsg_timed, open_pair, EAGAIN),
    TIMED(accept_timed, open_listener, EAGAIN),
    TIMED(accept4_timed, open_listener, EAGAIN),
    TIMED(send_timed, open_full_pair, EAGAIN),
    TIMED(write_timed, open_full_pair, EAGAIN),
    TIMED(sendmsg_timed, open_full_pair, EAGAIN),
    TIMED(connect_timed, open_refusing, EINPROGRESS),
    WOKEN(recv, open_pair, feed_byte),
    WOKEN(recv_in_time, open_pair, feed_byte),
    WOKEN(recvmmsg_in_time, open_pair, feed_byte),
    WOKEN(send, open_full_pair, feed_room),
    WOKEN(send_in_time, open_full_pair, feed_room),
    WOKEN(accept, open_acceptor, feed_connection),
    WOKEN(accept_in_time, open_acceptor, feed_connection),
    WOKEN(connect, open_queue, feed_accept),
    WOKEN(connect_in_time, open_queue, feed_accept),
    WOKEN(connect_unix, open_unix_queue, feed_accept),
    WOKEN(connect_unix_in_time, open_unix_queue, feed_accept),
};

struct calls socket_calls(void)
{
    return (struct calls){calls, sizeof calls / sizeof *calls};
}
