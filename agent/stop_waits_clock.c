/*
 * When a thread began to wait, by the scheduler's word for it.
 *
 * In come /proc/PID/task/TID/{sched,schedstat,stat}; out go times of the
 * monotonic clock, and counts that tell whether the thread has run since.
 */
#include "agent/stop_waits_clock.h"

#include <string.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/text.h"

/* Processors whose clocks can be told apart. A wait that began on another
 * one counts from when it was first seen. */
#define PROCESSORS_MAX 1024
#define COMPARISONS 2

/* The scheduler's clock runs apart on each processor (it leaves out what the
 * host has stolen). Add the offset and it is monotonic time. */
static struct {
    uint64_t measured_ns; /* 0 = never */
    int64_t offset_ns;
} processor[PROCESSORS_MAX];

static const char *value_of(const char *text, const char *key)
{
    const char *at = tenure__proc_find(text, key);
    while (at != NULL && (*at == ' ' || *at == ':'))
        at++;
    return at;
}

bool tenure__scheduled_read(int pid, int tid,
                            struct tenure__scheduled *scheduled)
{
    char text[1024];
    uint64_t ms, fraction;
    if (tenure__proc_read(pid, tid, "sched", text, sizeof text) <= 0)
        return false;
    const char *at = value_of(text, "se.exec_start");
    if (at == NULL || !tenure__text_parse_number(&at, &ms) || *at != '.')
        return false;
    at++; /* six digits: nanoseconds */
    if (!tenure__text_parse_number(&at, &fraction))
        return false;
    scheduled->last_run_ns = (int64_t)(ms * 1000000 + fraction);
    at = value_of(text, "nr_voluntary_switches");
    return at != NULL && tenure__text_parse_number(&at, &scheduled->voluntary);
}

uint64_t tenure__scheduled_runs(int pid, int tid)
{
    char text[96];
    uint64_t number = 0;
    if (tenure__proc_read(pid, tid, "schedstat", text, sizeof text) <= 0)
        return 0;
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        at += *at == ' ';
        if (!tenure__text_parse_number(&at, &number))
            return 0;
    }
    return number;
}

/* The processor a thread ran on last: the 39th word of its stat. */
static uint32_t read_processor(int tid)
{
    char text[512];
    uint64_t number = PROCESSORS_MAX;
    if (tenure__proc_read(0, tid, "stat", text, sizeof text) <= 0)
        return PROCESSORS_MAX;
    const char *at = strrchr(text, ')');
    for (int word = 2; at != NULL && word < 39; word++) {
        at = strchr(at, ' ');
        at += at != NULL;
    }
    if (at == NULL || !tenure__text_parse_number(&at, &number))
        return PROCESSORS_MAX;
    return number < PROCESSORS_MAX ? (uint32_t)number : PROCESSORS_MAX;
}

/* Yielding makes the scheduler note the time in our own entry. What it noted
 * is not later than what the clock says afterwards: the least difference is
 * nearest, and never too small, by which a wait would end before its time. */
static bool compare_clocks(uint32_t which)
{
    struct tenure__scheduled scheduled;
    int64_t least = INT64_MAX;
    for (int i = 0; i < COMPARISONS; i++) {
        tenure__syscall0(SYS_sched_yield);
        if (!tenure__scheduled_read(0, tenure__os_tid(), &scheduled))
            return false;
        uint64_t now = tenure__os_monotonic_ns();
        if ((int64_t)now - scheduled.last_run_ns < least)
            least = (int64_t)now - scheduled.last_run_ns;
        processor[which].measured_ns = now;
    }
    processor[which].offset_ns = least;
    return true;
}

/* Goes to a processor for it. */
static bool measure_clock(uint32_t which)
{
    uint64_t was[PROCESSORS_MAX / 64], mask[PROCESSORS_MAX / 64] = {0};
    mask[which / 64] = 1ull << which % 64;
    long bytes = tenure__syscall3(SYS_sched_getaffinity, 0, sizeof was, was);
    if (bytes <= 0 ||
        tenure__syscall3(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0)
        return false;
    bool known = compare_clocks(which);
    tenure__syscall3(SYS_sched_setaffinity, 0, bytes, was);
    return known;
}

uint64_t tenure__scheduled_began(int tid,
                                 const struct tenure__scheduled *scheduled,
                                 uint64_t look_ns, uint64_t now)
{
    uint32_t which = read_processor(tid);
    if (which == PROCESSORS_MAX ||
        (processor[which].measured_ns < look_ns && !measure_clock(which)))
        return now;
    int64_t began = scheduled->last_run_ns + processor[which].offset_ns;
    return began < (int64_t)now ? (uint64_t)began : now;
}
