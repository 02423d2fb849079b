/*
 * The same as stop_waits.h where a signal stops the threads: a thread puts
 * its call back itself, in the handler, in the context that it goes on with.
 *
 * The kernel has ended the call with EINTR by then. Which call that was tells
 * tenure__waits_look(), or the machine code before it (x86_64). If a signal
 * of the service has come meanwhile, EINTR stays, which is what it asks for.
 *
 * Async-signal-safe; each function in the thread that it is about.
 */
#ifndef TENURE_AGENT_STOP_WAITS_SIGNAL_H
#define TENURE_AGENT_STOP_WAITS_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/stop_waits.h"

struct tenure__held {
    bool again; /* there is a call to begin again */
    bool on_detour;
    struct tenure__wait *wait; /* NULL: not remembered */
    struct tenure__call call;
    uint64_t deadline_ns; /* 0 = waits for ever */
};

/* The handler begins: was the thread in a call? */
void tenure__wait_held(const void *context, struct tenure__held *held);

/* The handler ends: changes the context so that the call goes on. `own` is
 * the number of the signal that stops. */
void tenure__wait_resume(const struct tenure__held *held, void *context,
                         int own);

#endif
