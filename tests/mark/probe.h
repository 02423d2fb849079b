/* A call of the probe: how it waits, what ends it, and what became of it. */
#ifndef TENURE_TESTS_MARK_PROBE_H
#define TENURE_TESTS_MARK_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct call {
    const char *name;
    /* Waits once: its result, with errno, or -1 and EBADMSG if something
     * else is not as it should be. */
    int (*wait)(struct call *call, int ms);
    void (*open)(struct call *call); /* first of all; may be NULL */
    /* Now and then, in the main thread: ends a wait. NULL: it has a timeout
     * and ends by itself, with errno `error` (0: with a result). */
    void (*feed)(struct call *call, unsigned round);
    int error;
    int fd, feed_fd; /* waits on, is fed through */
    int tid;         /* of its thread */
    int64_t began_us;
    unsigned ended, interrupted, early, wrong;
    int wrong_error;
    int64_t late_us;
    volatile bool waiting;
};

/* A group of calls, each in a file of its own. */
struct calls {
    struct call *call;
    size_t count;
};
struct calls timed_calls(void), woken_calls(void), socket_calls(void);

struct timespec span_of(int ms);
/* The time of a clock so many ms from now. */
struct timespec time_in(int clock, int ms);
/* Ends the program if a preparation failed. */
int need(int result, const char *what);

#endif
