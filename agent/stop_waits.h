/*
 * The system calls that threads wait in while they are stopped: makes them
 * go on as if there had been no stop.
 *
 * The kernel begins most calls again by itself. A few say EINTR whatever
 * happens (signal(7): epoll_wait, semop, sigtimedwait, io_getevents, sockets
 * with a timeout); those are begun again here, and a relative timeout is
 * shortened by the time already waited, however often the call is stopped.
 * The time comes from the scheduler: when the thread last ran, read before
 * the stop. Without that file (/proc/PID/task/TID/sched) a wait counts from
 * the first stop that saw it.
 *
 * select, pselect and ppoll find what is left where the program gave it, as
 * the kernel would leave it there, but for the time that the stop took. A
 * timeout set on a socket (SO_RCVTIMEO, SO_SNDTIMEO) is no argument of the
 * call: the thread waits for it on a detour (stop_detour.h).
 *
 * Not thread-safe: the helper calls the first, the tracer the others.
 */
#ifndef TENURE_AGENT_STOP_WAITS_H
#define TENURE_AGENT_STOP_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"
#include "agent/stop_arch.h"
#include "agent/stop_detour.h"
#include "agent/stop_waits_calls.h"

/* A place where a thread was seen in a call, and the call's first argument,
 * which a stop may not show (stop_arch.h). */
struct tenure__wait_place {
    uint64_t stack_pointer, pc;
    long number;
    uint64_t argument;
    bool differs; /* from one time to another */
};

struct tenure__wait {
    int tid;
    bool called; /* seen in `call` before the stop */
    struct tenure__call call;
    bool reissued;            /* begun again by us at the last release */
    uint64_t deadline_ns;     /* 0 = waits for ever */
    uint64_t runs, voluntary; /* how often it had run, and waited, by then */
    struct tenure__call_room room;
    struct tenure__detour detour; /* valid while the thread is there */
    struct tenure__wait_place place[TENURE_WAIT_PLACES_MAX];
    uint32_t next_place;
};

/* Looks at every thread before a stop; where that is by a signal, also at
 * what the kernel would not forget at another. 0 or -ENOMEM. */
int tenure__waits_look(bool by_signal);

/* The same for a thread that has run since, just before it is sent a signal. */
void tenure__waits_look_again(int tid);

/* In the tracer, a little before it interrupts a thread: what was seen of one
 * that has run since may be of the call before. */
void tenure__wait_check(int pid, int tid);

/* What is known of a thread; its own only. NULL: there is no room. */
struct tenure__wait *tenure__wait_of(int tid);

/* A thread has stopped: if its call has to be begun again, changes the
 * registers so that it is, and returns true; *wait (may become NULL) is what
 * tenure__wait_release() wants if it waits with a timeout. */
bool tenure__wait_stopped(int pid, int tid, tenure__registers *registers,
                          struct tenure__wait **wait);

/* Just before the thread goes on: changes the registers to what is left of
 * the timeout. */
void tenure__wait_release(struct tenure__wait *wait, int pid,
                          tenure__registers *registers);

/* Makes the detour of a call on a socket. */
void tenure__wait_detour(struct tenure__wait *wait,
                         struct tenure__caller caller,
                         const struct tenure__call *call);

/* Changes the registers of a thread on a detour into those that it has in its
 * call, for whoever looks for pointers and frames. */
void tenure__wait_show(int tid, tenure__registers *registers);

#endif
