/*
 * Stops every other thread of the process for a moment, and lets it go on as
 * if nothing had happened.
 *
 * Used by the helper thread only, one stop at a time. Between stop and
 * release `body` runs with the registers of all threads at hand; it shares
 * the memory of the service and must not take a lock of it, allocate from a
 * heap, or use thread-local storage: raw system calls and tenure__os_map.
 * A watchdog lets the threads go whatever happens to us.
 *
 * Three methods, files of their own:
 *   ptrace  a tracer that shares our memory seizes all threads. No system
 *           call of the service ends with EINTR, finite timeouts end when
 *           they should (stop_waits.h).
 *   signal  a real-time signal that the service does not use; its handler is
 *           installed at the first such stop and stays, since a signal that
 *           is still pending would otherwise end the process. Calls go on as
 *           well (stop_waits_signal.h).
 *   none    nobody is stopped: no registers, torn image.
 */
#ifndef TENURE_AGENT_STOP_H
#define TENURE_AGENT_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"
#include "agent/stop_arch.h"

enum tenure__stop_method {
    TENURE__STOP_NONE,
    TENURE__STOP_SIGNAL,
    TENURE__STOP_PTRACE,
};

struct tenure__stopped_thread {
    int tid;
    bool stopped;            /* else only tid is known */
    uint32_t word_count;     /* of `word` */
    uint64_t stack_pointer;  /* where live stack begins, red zone included */
    uint64_t thread_pointer; /* 0 if unknown */
    uint64_t word[TENURE_REGISTER_WORDS]; /* general, then vector */
};

struct tenure__stopped {
    enum tenure__stop_method method;
    bool in_tracer; /* body runs in a child process that shares memory */
    uint32_t thread_count;
    uint32_t unstopped; /* of them */
    uint64_t pause_ns;  /* after release: from first stop to last release */
    const struct tenure__stopped_thread *thread;
};

typedef void tenure__stop_body(const struct tenure__stopped *stopped,
                               void *with);

/* Finds out, once, which method works here, in a child that may die of it.
 * Helper thread only. */
enum tenure__stop_method tenure__stop_probe(void);

/* The word of the snapshot for a method: "ptrace", "signal", "none". */
const char *tenure__stop_method_name(enum tenure__stop_method method);

/* Stops, calls body once, releases. 0; -ETIMEDOUT: the watchdog released
 * them, body may have run in part; another negative error: nobody was
 * stopped and body did not run. *stopped stays valid until the next stop. */
int tenure__stop(enum tenure__stop_method method, uint32_t watchdog_ms,
                 tenure__stop_body *body, void *with,
                 struct tenure__stopped *stopped);

/* Threads that the table has room for now; for the methods. */
extern uint32_t tenure__stop_room;

#endif
