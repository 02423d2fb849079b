/*
 * What is known of the system calls that wait.
 *
 * In come their arguments; timeouts come from there, from the memory that
 * they point to, or from the socket, of which a copy of the descriptor is
 * asked, since the helper and the tracer have a table of their own.
 */
#include "agent/stop_waits_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "agent/os.h"

#define URING_EXT_ARG (1u << 3)
#define URING_ARG_ABSOLUTE (3u << 5) /* or of a registered region */

#define KIND(name, timeout, argument)                                          \
    {                                                                          \
        SYS_##name, TENURE__TIMEOUT_##timeout, argument, false                 \
    }
#define KEPT(name, timeout, argument)                                          \
    {                                                                          \
        SYS_##name, TENURE__TIMEOUT_##timeout, argument, true                  \
    }

static const struct tenure__call_kind kinds[] = {
#ifdef SYS_epoll_wait
    KIND(epoll_wait, MILLISECONDS, 3),
#endif
#ifdef SYS_poll
    KEPT(poll, MILLISECONDS, 2),
#endif
#ifdef SYS_select
    KIND(select, VAL_UPDATED, 4),
#endif
    KIND(epoll_pwait, MILLISECONDS, 3), KIND(epoll_pwait2, TIMESPEC, 3),
    KIND(semtimedop, TIMESPEC, 3),      KIND(rt_sigtimedwait, TIMESPEC, 2),
    KIND(io_getevents, TIMESPEC, 4),    KIND(io_pgetevents, TIMESPEC, 4),
    KIND(io_uring_enter, URING, 4),     KIND(ppoll, SPEC_UPDATED, 2),
    KIND(pselect6, SPEC_UPDATED, 4),    KEPT(nanosleep, TIMESPEC, 0),
    KEPT(clock_nanosleep, TIMESPEC, 2), KEPT(futex, TIMESPEC, 3),
    KIND(read, RECEIVING, 0),           KIND(readv, RECEIVING, 0),
    KIND(recvfrom, RECEIVING, 0),       KIND(recvmsg, RECEIVING, 0),
    KIND(recvmmsg, RECEIVING, 0),       KIND(accept, RECEIVING, 0),
    KIND(accept4, RECEIVING, 0),        KIND(write, SENDING, 0),
    KIND(writev, SENDING, 0),           KIND(sendto, SENDING, 0),
    KIND(sendmsg, SENDING, 0),          KIND(sendmmsg, SENDING, 0),
    KIND(sendfile, SENDING, 0),         KIND(connect, CONNECTING, 0),
};

const struct tenure__call_kind *tenure__call_kind(long number)
{
    static const struct tenure__call_kind unknown = {-1, TENURE__TIMEOUT_NONE,
                                                     0, false};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].number == number)
            return &kinds[i];
    return &unknown;
}

/* ---- memory ------------------------------------------------------------ */

static bool copy(long how, uint64_t address, const void *buffer, size_t bytes)
{
    struct iovec here = {(void *)buffer, bytes};
    struct iovec there = {(void *)address, bytes};
    return tenure__syscall6(how, tenure__os_pid(), (long)&here, 1, (long)&there,
                            1, 0) == (long)bytes;
}

static uint64_t span_at(uint64_t address, uint64_t unit_ns)
{
    int64_t span[2];
    if (address == 0 ||
        !copy(SYS_process_vm_readv, address, span, sizeof span) ||
        span[0] < 0 || span[0] > INT32_MAX)
        return 0;
    return (uint64_t)span[0] * 1000000000u + (uint64_t)span[1] * unit_ns;
}

static uint64_t unit_of(const struct tenure__call_kind *kind)
{
    return kind->timeout == TENURE__TIMEOUT_VAL_UPDATED ? 1000 : 1;
}

/* ---- sockets ----------------------------------------------------------- */

/* Older kernels know the descriptors of the process only. */
static int borrow(struct tenure__caller caller, int fd)
{
    long thread = tenure__syscall2(SYS_pidfd_open, caller.tid, O_EXCL);
    if (thread < 0)
        thread = tenure__syscall2(SYS_pidfd_open, caller.pid, 0);
    if (thread < 0)
        return (int)thread;
    long copied = tenure__syscall3(SYS_pidfd_getfd, thread, fd, 0);
    tenure__syscall1(SYS_close, thread);
    return (int)copied;
}

static bool ask(struct tenure__caller caller, int fd, int option, void *value,
                uint32_t bytes)
{
    int socket = caller.tid != 0 ? borrow(caller, fd) : fd;
    if (socket < 0)
        return false;
    bool known = tenure__syscall5(SYS_getsockopt, socket, SOL_SOCKET, option,
                                  value, &bytes) == 0;
    if (caller.tid != 0)
        tenure__syscall1(SYS_close, socket);
    return known;
}

static uint64_t socket_timeout(const struct tenure__call_kind *kind,
                               struct tenure__caller caller, int fd)
{
    struct timeval span;
    int option =
        kind->timeout == TENURE__TIMEOUT_RECEIVING ? SO_RCVTIMEO : SO_SNDTIMEO;
    if (!ask(caller, fd, option, &span, sizeof span))
        return 0;
    return (uint64_t)span.tv_sec * 1000000000u + (uint64_t)span.tv_usec * 1000;
}

/* A connection goes on being made. */
long tenure__call_timed_out(const struct tenure__call_kind *kind,
                            struct tenure__caller caller,
                            const struct tenure__call *call)
{
    int domain = 0;
    bool internet = kind->timeout == TENURE__TIMEOUT_CONNECTING &&
                    ask(caller, (int)call->argument[0], SO_DOMAIN, &domain,
                        sizeof domain) &&
                    (domain == AF_INET || domain == AF_INET6);
    return internet ? -EINPROGRESS : -EAGAIN;
}

/* ---- timeouts ---------------------------------------------------------- */

static bool is_absolute(const struct tenure__call_kind *kind,
                        const struct tenure__call *call)
{
    const uint64_t *argument = call->argument;
    switch (kind->number) {
    case SYS_clock_nanosleep:
        return (argument[1] & TIMER_ABSTIME) != 0;
    case SYS_futex:
        return ((int)argument[1] & FUTEX_CMD_MASK) != FUTEX_WAIT;
    case SYS_io_uring_enter:
        return (argument[3] & URING_EXT_ARG) == 0 ||
               (argument[3] & URING_ARG_ABSOLUTE) != 0;
    default:
        return false;
    }
}

uint64_t tenure__call_timeout(const struct tenure__call_kind *kind,
                              struct tenure__caller caller,
                              const struct tenure__call *call)
{
    uint64_t value = call->argument[kind->argument];
    uint64_t uring[3];
    if (is_absolute(kind, call))
        return 0;
    switch (kind->timeout) {
    case TENURE__TIMEOUT_NONE:
        break;
    case TENURE__TIMEOUT_MILLISECONDS:
        return (int32_t)value > 0 ? (uint64_t)value * 1000000 : 0;
    case TENURE__TIMEOUT_TIMESPEC:
    case TENURE__TIMEOUT_SPEC_UPDATED:
    case TENURE__TIMEOUT_VAL_UPDATED:
        return span_at(value, unit_of(kind));
    case TENURE__TIMEOUT_URING:
        return value != 0 &&
                       copy(SYS_process_vm_readv, value, uring, sizeof uring)
                   ? span_at(uring[2], 1)
                   : 0;
    case TENURE__TIMEOUT_RECEIVING:
    case TENURE__TIMEOUT_SENDING:
    case TENURE__TIMEOUT_CONNECTING:
        return socket_timeout(kind, caller, (int)value);
    }
    return 0;
}

bool tenure__call_shorten(const struct tenure__call_kind *kind,
                          struct tenure__call *call, uint64_t left_ns,
                          bool in_place, struct tenure__call_room *room)
{
    uint64_t *argument = &call->argument[kind->argument];
    if (kind->timeout == TENURE__TIMEOUT_MILLISECONDS) {
        *argument = (left_ns + 999999) / 1000000;
        return true;
    }
    room->span[0] = (int64_t)(left_ns / 1000000000u);
    room->span[1] = (int64_t)(left_ns % 1000000000u / unit_of(kind));
    if (in_place)
        return copy(SYS_process_vm_writev, *argument, room->span,
                    sizeof room->span);
    if (kind->timeout != TENURE__TIMEOUT_URING) {
        *argument = (uint64_t)room->span;
        return true;
    }
    if (*argument != (uint64_t)room->uring &&
        !copy(SYS_process_vm_readv, *argument, room->uring, sizeof room->uring))
        return false;
    room->uring[2] = (uint64_t)room->span;
    *argument = (uint64_t)room->uring;
    return true;
}

bool tenure__call_has(const struct tenure__call_kind *kind,
                      const struct tenure__call *call,
                      const struct tenure__call_room *room)
{
    uint64_t argument = call->argument[kind->argument];
    int64_t span[2];
    if (argument == (uint64_t)room->span || argument == (uint64_t)room->uring)
        return true;
    return tenure__call_updates(kind) &&
           copy(SYS_process_vm_readv, argument, span, sizeof span) &&
           memcmp(span, room->span, sizeof span) == 0;
}
