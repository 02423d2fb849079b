/*
 * System calls that wait: how long at most, and by which argument.
 *
 * Reads and writes the memory of the process from any thread of it or
 * process that shares it, and never faults. No locks, no heap.
 */
#ifndef TENURE_AGENT_STOP_WAITS_CALLS_H
#define TENURE_AGENT_STOP_WAITS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/stop_arch.h"

enum tenure__timeout {
    TENURE__TIMEOUT_NONE,         /* none, or a time of day that stays right */
    TENURE__TIMEOUT_MILLISECONDS, /* the argument itself */
    TENURE__TIMEOUT_TIMESPEC,     /* what the argument points to */
    TENURE__TIMEOUT_SPEC_UPDATED, /* the kernel leaves there what is left, */
    TENURE__TIMEOUT_VAL_UPDATED,  /* unless it may not: then it says EINTR */
    TENURE__TIMEOUT_URING,        /* a timespec in a struct of arguments */
    TENURE__TIMEOUT_RECEIVING,    /* the socket's */
    TENURE__TIMEOUT_SENDING,
    TENURE__TIMEOUT_CONNECTING,
};

struct tenure__call_kind {
    long number;
    enum tenure__timeout timeout;
    int argument;
    bool kernel_keeps; /* unless a handler runs, the kernel knows the end */
};

/* Never NULL: calls that are not known wait without a timeout. */
const struct tenure__call_kind *tenure__call_kind(long number);

static inline bool tenure__call_of_socket(const struct tenure__call_kind *kind)
{
    return kind->timeout >= TENURE__TIMEOUT_RECEIVING;
}

static inline bool tenure__call_updates(const struct tenure__call_kind *kind)
{
    return kind->timeout == TENURE__TIMEOUT_SPEC_UPDATED ||
           kind->timeout == TENURE__TIMEOUT_VAL_UPDATED;
}

/* Whose call it is. */
struct tenure__caller {
    int pid;
    int tid; /* 0: the calling thread's own */
};

/* What the call waits for at most, in ns; 0 = for ever. */
uint64_t tenure__call_timeout(const struct tenure__call_kind *kind,
                              struct tenure__caller caller,
                              const struct tenure__call *call);

/* What a call on a socket says when its timeout is over. */
long tenure__call_timed_out(const struct tenure__call_kind *kind,
                            struct tenure__caller caller,
                            const struct tenure__call *call);

/* Where a call finds its timeout if it is not in its arguments. */
struct tenure__call_room {
    int64_t span[2];
    uint64_t uring[3]; /* struct io_uring_getevents_arg */
};

/* Gives a call the time that is left: in `room`, if it is not an argument
 * and in_place is false. What it points to then is in room->span, either
 * way. False: it could not be written. */
bool tenure__call_shorten(const struct tenure__call_kind *kind,
                          struct tenure__call *call, uint64_t left_ns,
                          bool in_place, struct tenure__call_room *room);

/* Does the call have the timeout that tenure__call_shorten() has left? For
 * all but those in milliseconds and of sockets. */
bool tenure__call_has(const struct tenure__call_kind *kind,
                      const struct tenure__call *call,
                      const struct tenure__call_room *room);

#endif
