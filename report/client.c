/*
 * One request over the control socket.
 *
 * A request goes out with its file in one message; the answer is read until
 * the newline, against one deadline for all of it. Whatever goes wrong ends
 * in one sentence that names the cause as the user can see it: process gone,
 * no agent, other user, stopped, too slow.
 */
#include "report/client.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/format/address.h"
#include "report/namespace.h"

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int no_agent(const struct tenure_peer *peer, struct tenure_why *why)
{
    char list[128];
    struct tenure_peer now;
    if (tenure_peer_read(peer->pid, &now) != 0)
        return tenure_because(why, "process %d has ended", peer->pid);
    if (tenure_peer_carries(peer) == TENURE_CARRIES)
        return tenure_because(why,
                              "process %d (%s) carries the agent, which "
                              "does not listen: it is starting or ending "
                              "(try again), or a seccomp filter or a limit "
                              "on descriptors keeps it from it",
                              peer->pid, peer->name);
    int count = tenure_peer_descendants(peer->pid, list, sizeof list);
    if (count > 0)
        return tenure_because(why,
                              "process %d (%s) does not carry the agent, "
                              "but %d of its descendants: %s; name one "
                              "of them",
                              peer->pid, peer->name, count, list);
    return tenure_because(why,
                          "process %d (%s) does not carry the agent; "
                          "start it with `tenure run -- %s ...`",
                          peer->pid, peer->name, peer->name);
}

static int timed_out(const struct tenure_peer *peer, uint64_t timeout_ms,
                     struct tenure_why *why)
{
    struct tenure_peer now;
    double seconds = (double)timeout_ms / 1000;
    if (tenure_peer_read(peer->pid, &now) != 0)
        return tenure_because(why, "process %d has ended", peer->pid);
    if (now.state == 'T' || now.state == 't')
        return tenure_because(why,
                              "process %d (%s) is stopped, so its agent "
                              "cannot answer; kill -CONT %d, or end the "
                              "debugger",
                              peer->pid, peer->name, peer->pid);
    return tenure_because(why,
                          "the agent in process %d (%s) did not answer "
                          "within %g s; try again with a longer "
                          "--timeout",
                          peer->pid, peer->name, seconds);
}

static int ended(const struct tenure_peer *peer, struct tenure_why *why)
{
    struct tenure_peer now;
    if (tenure_peer_read(peer->pid, &now) != 0)
        return tenure_because(why, "process %d (%s) has ended", peer->pid,
                              peer->name);
    return tenure_because(why,
                          "the agent in process %d (%s) closed the "
                          "connection before it answered: it starts anew "
                          "when the process changes its user; try again",
                          peer->pid, peer->name);
}

/* The kernel vouches for who called listen(). */
static bool is_really(int fd, const struct tenure_peer *peer)
{
    struct ucred server;
    socklen_t bytes = sizeof server;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &bytes) != 0)
        return false;
    if (server.pid != peer->pid)
        return false;
    /* It may have begun as root and changed its user since. */
    return server.uid == 0 || server.uid == peer->uids[0] ||
           server.uid == peer->uids[1] || server.uid == peer->uids[2];
}

/*
 * The agent answers its own user and root, as it sees them. In another user
 * namespace it sees root outside as nobody, so we come as its user.
 */
static int connect_as_known(int fd, const struct tenure_peer *peer,
                            const struct sockaddr_un *address, socklen_t bytes)
{
    uid_t own = geteuid();
    bool disguise = own == 0 && !tenure_namespace_shared(peer, "user") &&
                    seteuid(peer->uids[1]) == 0;
    int result = connect(fd, (const struct sockaddr *)address, bytes);
    int error = errno;
    if (disguise && seteuid(own) != 0)
        return -1;
    errno = error;
    return result;
}

/* A socket in the network namespace of the process; connect() to a full
 * queue, and sendmsg(), take no longer than the timeout. */
static int new_socket(const struct tenure_peer *peer, uint64_t timeout_ms,
                      struct tenure_why *why)
{
    struct timeval limit = {(time_t)(timeout_ms / 1000),
                            (suseconds_t)(timeout_ms % 1000 * 1000)};
    int fd = tenure_namespace_socket(peer, why);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

static int say_why_not(const struct tenure_peer *peer, bool taken,
                       struct tenure_why *why)
{
    if (!taken)
        return no_agent(peer, why);
    return tenure_because(why,
                          "the control address of process %d (%s) is taken "
                          "by another process; nothing was sent to it",
                          peer->pid, peer->name);
}

/* Tries each of its names: whoever else has this number has taken one. */
static int connect_to(const struct tenure_peer *peer, uint64_t timeout_ms,
                      struct tenure_why *why)
{
    struct sockaddr_un address;
    bool taken = false;
    int fd = -1;
    for (uint32_t i = 0; i < TENURE_ADDRESSES; i++) {
        if (fd < 0 && (fd = new_socket(peer, timeout_ms, why)) < 0)
            return -1;
        socklen_t bytes =
            tenure_format_address(&address, (uint32_t)peer->inner_pid, i);
        if (connect_as_known(fd, peer, &address, bytes) == 0) {
            if (is_really(fd, peer))
                return fd;
            taken = true;
            close(fd);
            fd = -1;
        } else if (errno == EAGAIN || errno == EINPROGRESS) {
            close(fd);
            return timed_out(peer, timeout_ms, why);
        }
    }
    if (fd >= 0)
        close(fd);
    return say_why_not(peer, taken, why);
}

static int send_request(int fd, const char *request, int file)
{
    char line[TENURE_REQUEST_BYTES + 1];
    int length = snprintf(line, sizeof line, "%s\n", request);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec data = {line, (size_t)length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (file >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof file);
        memcpy(CMSG_DATA(header), &file, sizeof file);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) == length ? 0 : -1;
}

enum { TOO_LATE = -1, CLOSED = -2 };

/* One line into `text`: 0, or one of the above. */
static int read_line(int fd, char *text, size_t room, uint64_t timeout_ms)
{
    uint64_t deadline = now_ms() + timeout_ms;
    size_t used = 0;
    while (used < room) {
        uint64_t now = now_ms();
        uint64_t left = now < deadline ? deadline - now : 0;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = poll(&wait, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready == 0)
            return TOO_LATE;
        if (ready < 0 && errno != EINTR)
            return CLOSED;
        ssize_t got = recv(fd, text + used, room - used, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return CLOSED;
        char *end = memchr(text + used, '\n', (size_t)got);
        if (end) {
            *end = 0;
            return 0;
        }
        used += (size_t)got;
    }
    return CLOSED;
}

/* The answer's first word decides. */
static int judge(const char *line, const struct tenure_peer *peer,
                 struct tenure_reply *reply, struct tenure_why *why)
{
    if (strncmp(line, "error ", 6) == 0)
        return tenure_because(why, "process %d (%s): %s", peer->pid, peer->name,
                              line + 6);
    if (strcmp(line, "ok") != 0 && strncmp(line, "ok ", 3) != 0)
        return tenure_because(why,
                              "the agent in process %d (%s) gave an "
                              "answer that this version does not know; "
                              "use the tenure it was started with",
                              peer->pid, peer->name);
    strcpy(reply->line, line[2] ? line + 3 : "");
    return 0;
}

static int request_fits(const char *request, struct tenure_why *why)
{
    if (strlen(request) >= TENURE_REQUEST_BYTES)
        return tenure_because(why,
                              "the request is longer than %d bytes; "
                              "shorten the label",
                              TENURE_REQUEST_BYTES);
    for (const char *at = request; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            return tenure_because(why,
                                  "a label cannot hold line ends and "
                                  "other control characters");
    return 0;
}

int tenure_client_ask(const struct tenure_peer *peer, const char *request,
                      int fd, uint64_t timeout_ms, struct tenure_reply *reply,
                      struct tenure_why *why)
{
    char line[TENURE_REPLY_BYTES];
    if (request_fits(request, why) != 0)
        return -1;
    if (!tenure_peer_is_ours(peer))
        return tenure_because(why,
                              "process %d (%s) belongs to another user "
                              "(uid %u); run this as that user or as "
                              "root",
                              peer->pid, peer->name, (unsigned)peer->uids[1]);
    int agent = connect_to(peer, timeout_ms, why);
    if (agent < 0)
        return -1;
    int error = CLOSED;
    /* One that hangs up before it has read may have said why. */
    if (send_request(agent, request, fd) == 0 || errno == EPIPE)
        error = read_line(agent, line, sizeof line, timeout_ms);
    close(agent);
    if (error == TOO_LATE)
        return timed_out(peer, timeout_ms, why);
    if (error == CLOSED)
        return ended(peer, why);
    return judge(line, peer, reply, why);
}

bool tenure_reply_value(const struct tenure_reply *reply, const char *key,
                        char *value, size_t bytes)
{
    size_t key_length = strlen(key);
    const char *at = reply->line;
    *value = 0;
    while (*at) {
        const char *equals = strchr(at, '=');
        if (!equals)
            return false;
        bool is_path = strncmp(at, "path=", 5) == 0;
        const char *end =
            is_path ? equals + strlen(equals) : strchrnul(equals, ' ');
        if ((size_t)(equals - at) == key_length &&
            strncmp(at, key, key_length) == 0) {
            snprintf(value, bytes, "%.*s", (int)(end - equals - 1), equals + 1);
            return true;
        }
        at = end + strspn(end, " ");
    }
    return false;
}

uint64_t tenure_reply_number(const struct tenure_reply *reply, const char *key)
{
    char value[32];
    if (!tenure_reply_value(reply, key, value, sizeof value))
        return 0;
    return strtoull(value, NULL, 10);
}
