/*
 * Containers have network namespaces of their own, and the rootless ones user
 * namespaces.
 *
 * A process of ours goes there, makes a socket, which stays a socket of that
 * place, hands it back and is gone: we never leave where we are. Into a user
 * namespace that our own user made we may go without being root, and once
 * there into its network namespace.
 */
#include "report/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool tenure_namespace_shared(const struct tenure_peer *peer, const char *name)
{
    struct stat ours, theirs;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", peer->thread, name);
    if (stat(path, &theirs) != 0)
        return true;
    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    return stat(path, &ours) != 0 ||
           (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
}

static int enter(const struct tenure_peer *peer, const char *name, int type)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", peer->thread, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? -1 : setns(fd, type);
    if (fd >= 0)
        close(fd);
    return result;
}

union handover {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

/* In the child: goes there; what it hands over is the answer. */
static void go_and_hand_back(const struct tenure_peer *peer, int to)
{
    if (enter(peer, "net", CLONE_NEWNET) != 0 &&
        (enter(peer, "user", CLONE_NEWUSER) != 0 ||
         enter(peer, "net", CLONE_NEWNET) != 0))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    char byte = 0;
    union handover control = {.room = {0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    sendmsg(to, &message, MSG_NOSIGNAL);
}

static int take_over(int from)
{
    char byte;
    int fd = -1;
    union handover control;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static int fetch_socket(const struct tenure_peer *peer)
{
    int pair[2], fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        go_and_hand_back(peer, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    if (child > 0) {
        fd = take_over(pair[0]);
        waitpid(child, NULL, 0);
    }
    close(pair[0]);
    return fd;
}

int tenure_namespace_socket(const struct tenure_peer *peer,
                            struct tenure_why *why)
{
    int fd;
    if (tenure_namespace_shared(peer, "net")) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            tenure_because(why, "cannot make a socket: %s", strerror(errno));
        return fd;
    }
    fd = fetch_socket(peer);
    if (fd < 0)
        tenure_because(why,
                       "process %d (%s) is in another network namespace (a "
                       "container); run this as root, or inside it",
                       peer->pid, peer->name);
    return fd;
}
