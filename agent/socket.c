/*
 * Listening and talking on the control socket, by raw system calls.
 *
 * A caller gets half a second to send his line: one who is silent cannot
 * keep the helper from its snapshots.
 */
#include "agent/socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/format/address.h"
#include "agent/os.h"

#define PATIENCE_MS 500

int tenure__socket_listen(uint32_t pid)
{
    struct sockaddr_un name;
    int fd = (int)tenure__syscall3(
        SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fd;
    int error = -EADDRINUSE;
    for (uint32_t i = 0; i < TENURE_ADDRESSES && error == -EADDRINUSE; i++) {
        uint32_t bytes = tenure_format_address(&name, pid, i);
        error = (int)tenure__syscall3(SYS_bind, fd, &name, bytes);
    }
    if (error == 0)
        error = (int)tenure__syscall2(SYS_listen, fd, 8);
    if (error == 0)
        return fd;
    tenure__syscall1(SYS_close, fd);
    return error;
}

static int may_ask(int connection)
{
    struct ucred who;
    uint32_t bytes = sizeof who;
    if (tenure__syscall5(SYS_getsockopt, connection, SOL_SOCKET, SO_PEERCRED,
                         &who, &bytes) != 0)
        return 0;
    return who.uid == 0 || who.uid == (uint32_t)tenure__syscall0(SYS_geteuid);
}

static int wait_for(int fd, short events, uint64_t until_ns)
{
    struct pollfd poll = {.fd = fd, .events = events};
    uint64_t now = tenure__os_monotonic_ns();
    uint64_t left = until_ns > now ? until_ns - now : 0;
    struct {
        int64_t sec, nsec;
    } limit = {(int64_t)(left / 1000000000), (int64_t)(left % 1000000000)};
    return tenure__syscall5(SYS_ppoll, &poll, 1, &limit, NULL, 8) == 1;
}

static void take_passed(struct msghdr *message, int *passed)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    if (part == NULL || part->cmsg_level != SOL_SOCKET ||
        part->cmsg_type != SCM_RIGHTS)
        return;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        if (*passed < 0)
            *passed = fd;
        else
            tenure__syscall1(SYS_close, fd);
    }
}

/* Reads up to the newline. */
static int read_line(int connection, char *line, size_t room, int *passed)
{
    uint64_t until = tenure__os_monotonic_ns() + PATIENCE_MS * 1000000ull;
    size_t used = 0;
    while (used < room) {
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(4 * sizeof(int))];
        } control;
        struct iovec piece = {line + used, room - used};
        struct msghdr message = {.msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        if (!wait_for(connection, POLLIN, until))
            return -ETIMEDOUT;
        long got = tenure__syscall3(SYS_recvmsg, connection, &message,
                                    MSG_CMSG_CLOEXEC);
        if (got <= 0)
            return -ECONNRESET;
        take_passed(&message, passed);
        char *end = memchr(line + used, '\n', (size_t)got);
        if (end != NULL) {
            *end = 0;
            return 0;
        }
        used += (size_t)got;
    }
    return -EMSGSIZE;
}

int tenure__socket_accept(int listening, char *line, size_t room, int *passed)
{
    *passed = -1;
    int connection = (int)tenure__syscall4(SYS_accept4, listening, NULL, NULL,
                                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return connection;
    int error = may_ask(connection) ? read_line(connection, line, room, passed)
                                    : -EPERM;
    if (error == 0)
        return connection;
    tenure__socket_answer(connection, error == -EPERM
                                          ? "error not your process\n"
                                          : "error no request was read\n");
    if (*passed >= 0)
        tenure__syscall1(SYS_close, *passed);
    return error;
}

void tenure__socket_answer(int connection, const char *line)
{
    size_t bytes = strlen(line);
    tenure__syscall6(SYS_sendto, connection, (long)line, (long)bytes,
                     MSG_NOSIGNAL, 0, 0);
    tenure__syscall1(SYS_close, connection);
}
