/*
 * When a thread began to wait. For stop_waits.c, and for the helper before a
 * stop; only tenure__scheduled_read and _runs in the tracer.
 */
#ifndef TENURE_AGENT_STOP_WAITS_CLOCK_H
#define TENURE_AGENT_STOP_WAITS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What the scheduler says of a thread; its clock is its own. */
struct tenure__scheduled {
    int64_t last_run_ns;
    uint64_t voluntary; /* switches: one for each time it began to wait */
};

/* False where the kernel does not tell. */
bool tenure__scheduled_read(int pid, int tid,
                            struct tenure__scheduled *scheduled);

/* How often it was given a processor; 0 = unknown. Cheaper than the above. */
uint64_t tenure__scheduled_runs(int pid, int tid);

/* When the wait of a thread began, which is when it last ran; `now` if that
 * cannot be told. The clocks of processors are compared anew if that was
 * before look_ns: the caller is moved to the processor and back. */
uint64_t tenure__scheduled_began(int tid,
                                 const struct tenure__scheduled *scheduled,
                                 uint64_t look_ns, uint64_t now);

#endif
