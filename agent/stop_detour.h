/*
 * A wait in the place of another, for calls whose timeout belongs to their
 * socket (SO_RCVTIMEO, SO_SNDTIMEO) and would begin anew with the call.
 *
 * The thread is sent to a system call instruction of ours, which waits by
 * ppoll(2) for what is left, and from there back: onto its call when the
 * socket is ready, or behind it, with what the call says at a timeout. It
 * finds all registers as it left them; neither its stack nor its flags are
 * used. A signal that is handled ends the wait with EINTR, as it would have
 * ended the call.
 *
 * The struct stays where it is as long as the thread is on its way. Nothing
 * here locks or allocates.
 */
#ifndef TENURE_AGENT_STOP_DETOUR_H
#define TENURE_AGENT_STOP_DETOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/stop_arch.h"

struct tenure__detour {
    uint64_t argument[6]; /* of the call */
    uint64_t number;
    uint64_t call_pc;   /* the system call instruction */
    uint64_t behind_pc; /* the one after it */
    int64_t timed_out;  /* the call's result then */
    int64_t span[2];    /* a timespec: what is left */
    struct {            /* a pollfd */
        int fd;
        int16_t events, revents;
    } socket;
};

_Static_assert(offsetof(struct tenure__detour, number) == 48 &&
                   offsetof(struct tenure__detour, call_pc) == 56 &&
                   offsetof(struct tenure__detour, behind_pc) == 64 &&
                   offsetof(struct tenure__detour, timed_out) == 72,
               "the offsets in stop_detour_x86_64.c and stop_detour_aarch64.c");

/* Makes a detour from a call, and the call that the thread is to go on with
 * instead. */
void tenure__detour_enter(struct tenure__detour *detour,
                          const struct tenure__call *call, int16_t events,
                          int64_t timed_out);
/* The same for a thread that waits in one already. */
void tenure__detour_again(struct tenure__detour *detour, uint64_t left_ns,
                          struct tenure__call *instead);

/* Is a thread with this program counter on a detour? */
bool tenure__detour_at(uint64_t pc);

/* What the thread would be waiting in without it. */
void tenure__detour_call(const struct tenure__detour *detour,
                         uint64_t stack_pointer, struct tenure__call *call);

/* The instructions: the system call, what follows it, and their end. */
extern const char tenure__detour_begin[], tenure__detour_wait[],
    tenure__detour_end[];

#endif
