/*
 * Puts interrupted system calls back, with the timeout that is left.
 *
 * In come /proc/self/task/TID/{syscall,sched} before a stop and the
 * registers after it; out go changed registers. A relative timeout is turned
 * into a deadline once, when the wait is first seen, and kept, so that
 * rounding does not add up.
 */
#include "agent/stop_waits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/text.h"

#define PROBES 32u

/* Processors whose clocks can be told apart. A wait that began on another
 * one counts from when it was first seen. */
#define PROCESSORS_MAX 1024

enum timeout { NO_TIMEOUT, MILLISECONDS, TIMESPEC };

static const struct restartable {
    long number;
    enum timeout timeout;
    int argument;
} restartable[] = {
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, MILLISECONDS, 3},
#endif
    {SYS_epoll_pwait, MILLISECONDS, 3}, {441 /* epoll_pwait2 */, TIMESPEC, 3},
    {SYS_semop, NO_TIMEOUT, 0},         {SYS_semtimedop, TIMESPEC, 3},
    {SYS_rt_sigtimedwait, TIMESPEC, 2}, {SYS_io_getevents, TIMESPEC, 4},
    {SYS_io_pgetevents, TIMESPEC, 4},   {SYS_io_uring_enter, NO_TIMEOUT, 0},
    {SYS_read, NO_TIMEOUT, 0},          {SYS_readv, NO_TIMEOUT, 0},
    {SYS_recvfrom, NO_TIMEOUT, 0},      {SYS_recvmsg, NO_TIMEOUT, 0},
    {SYS_recvmmsg, NO_TIMEOUT, 0},      {SYS_accept, NO_TIMEOUT, 0},
    {SYS_accept4, NO_TIMEOUT, 0},       {SYS_write, NO_TIMEOUT, 0},
    {SYS_writev, NO_TIMEOUT, 0},        {SYS_sendto, NO_TIMEOUT, 0},
    {SYS_sendmsg, NO_TIMEOUT, 0},
};

static struct tenure__wait *waits; /* open addressing by tid */

/* The scheduler's clock runs apart on each processor (it leaves out what the
 * host has stolen). Add the offset and it is monotonic time. */
static struct {
    uint64_t measured_ns; /* 0 = never */
    int64_t offset_ns;
} processor[PROCESSORS_MAX];

static const struct restartable *find_restartable(long number)
{
    for (size_t i = 0; i < sizeof restartable / sizeof *restartable; i++)
        if (restartable[i].number == number)
            return &restartable[i];
    return NULL;
}

/* The thread's entry, or a free one, or NULL. */
static struct tenure__wait *entry_of(int tid)
{
    struct tenure__wait *free_entry = NULL;
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = ((uint32_t)tid * 2654435761u + i) % TENURE_WAITS_MAX;
        if (waits[at].tid == tid)
            return &waits[at];
        if (waits[at].tid == 0 && free_entry == NULL)
            free_entry = &waits[at];
    }
    return free_entry;
}

/* "230 0x0 ... 0x7fff85afcd78 0x7f9673f50503", or "running", or "-1 sp pc" */
static bool read_call(int tid, struct tenure__call *call)
{
    char text[256];
    const char *at = text;
    uint64_t number;
    if (tenure__proc_read(0, tid, "syscall", text, sizeof text) <= 0 ||
        !tenure__text_parse_number(&at, &number))
        return false;
    uint64_t word[8];
    for (int i = 0; i < 8; i++) {
        at += *at == ' ';
        if (!tenure__proc_hex(&at, &word[i]))
            return false;
    }
    call->number = (long)number;
    memcpy(call->argument, word, sizeof call->argument);
    call->stack_pointer = word[6];
    call->pc = word[7];
    return true;
}

/* What the scheduler says of a thread; its clock is its own. */
struct scheduled {
    int64_t last_run_ns;
    uint64_t voluntary; /* switches: one for each time it began to wait */
};

static const char *value_of(const char *text, const char *key)
{
    const char *at = tenure__proc_find(text, key);
    while (at != NULL && (*at == ' ' || *at == ':'))
        at++;
    return at;
}

static bool read_scheduled(int pid, int tid, struct scheduled *scheduled)
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

/* How often it was given a processor; 0 = unknown. Cheaper than `sched`. */
static uint64_t read_runs(int pid, int tid)
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

/* Has the thread left its call since we looked? One run and one voluntary
 * switch are the stop itself; it may also have been preempted. */
static bool has_moved(int pid, int tid, struct tenure__wait *wait)
{
    struct scheduled scheduled;
    uint64_t expected = ++wait->voluntary;
    if (read_runs(pid, tid) <= wait->runs + 1)
        return false;
    if (!read_scheduled(pid, tid, &scheduled))
        return true;
    wait->voluntary = scheduled.voluntary;
    return scheduled.voluntary > expected;
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

/* Goes to a processor and compares the clocks there: yielding makes the
 * scheduler note the time in our own entry. */
static bool measure_clock(uint32_t which)
{
    uint64_t was[PROCESSORS_MAX / 64], mask[PROCESSORS_MAX / 64] = {0};
    struct scheduled scheduled;
    mask[which / 64] = 1ull << which % 64;
    long bytes = tenure__syscall3(SYS_sched_getaffinity, 0, sizeof was, was);
    if (bytes <= 0 ||
        tenure__syscall3(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0)
        return false;
    tenure__syscall0(SYS_sched_yield);
    uint64_t now = tenure__os_monotonic_ns();
    bool known = read_scheduled(0, tenure__os_tid(), &scheduled);
    processor[which].offset_ns = (int64_t)now - scheduled.last_run_ns;
    processor[which].measured_ns = now;
    tenure__syscall3(SYS_sched_setaffinity, 0, bytes, was);
    return known;
}

/* What the call waits for at most, from its arguments; 0 = for ever. */
static uint64_t timeout_of(const struct restartable *kind,
                           const struct tenure__call *call)
{
    uint64_t value = call->argument[kind->argument];
    if (kind->timeout == MILLISECONDS)
        return (int32_t)value > 0 ? (uint64_t)value * 1000000 : 0;
    if (kind->timeout != TIMESPEC || value == 0)
        return 0;
    int64_t span[2];
    struct iovec here = {span, sizeof span};
    struct iovec there = {(void *)value, sizeof span};
    if (tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(), (long)&here, 1,
                         (long)&there, 1, 0) != sizeof span ||
        span[0] < 0 || span[0] > INT32_MAX)
        return 0;
    return (uint64_t)span[0] * 1000000000u + (uint64_t)span[1];
}

static bool same_call(const struct tenure__call *a,
                      const struct tenure__call *b,
                      const struct restartable *kind)
{
    return a->number == b->number && a->stack_pointer == b->stack_pointer &&
           a->pc == b->pc &&
           a->argument[kind->argument] == b->argument[kind->argument];
}

/* Is this the very call that we began again at the last release? */
static bool is_reissued(const struct tenure__wait *wait,
                        const struct tenure__call *call,
                        const struct restartable *kind, uint64_t voluntary)
{
    if (!wait->reissued || !same_call(call, &wait->call, kind))
        return false;
    return kind->timeout == TIMESPEC || voluntary == wait->voluntary + 1;
}

/* When the wait began, which is when its thread last ran. */
static uint64_t wait_began(int tid, const struct scheduled *scheduled,
                           uint64_t look_ns, uint64_t now)
{
    uint32_t which = read_processor(tid);
    if (which == PROCESSORS_MAX ||
        (processor[which].measured_ns < look_ns && !measure_clock(which)))
        return now;
    int64_t began = scheduled->last_run_ns + processor[which].offset_ns;
    return began < (int64_t)now ? (uint64_t)began : now;
}

struct look {
    int self;
    uint64_t began_ns;
};

/* A call with a timeout: when does it end? What the thread did after
 * `scheduled` and `runs` were read shows at the stop. */
static void find_deadline(struct tenure__wait *wait, int tid, uint64_t timeout,
                          const struct scheduled *scheduled,
                          const struct look *look)
{
    uint64_t now = tenure__os_monotonic_ns();
    if (scheduled->last_run_ns == 0)
        wait->deadline_ns = now + timeout;
    else
        wait->deadline_ns =
            timeout + wait_began(tid, scheduled, look->began_ns, now);
}

static bool look_at(int tid, void *with)
{
    struct tenure__call call;
    struct scheduled scheduled = {0};
    struct tenure__wait *wait =
        tid != ((struct look *)with)->self ? entry_of(tid) : NULL;
    if (wait == NULL)
        return true;
    uint64_t runs = read_runs(0, tid);
    if (!read_call(tid, &call) || find_restartable(call.number) == NULL) {
        wait->called = false;
        return true;
    }
    const struct restartable *kind = find_restartable(call.number);
    uint64_t timeout = timeout_of(kind, &call);
    if (timeout != 0)
        read_scheduled(0, tid, &scheduled);
    if (timeout == 0)
        wait->deadline_ns = 0;
    else if (!is_reissued(wait, &call, kind, scheduled.voluntary))
        find_deadline(wait, tid, timeout, &scheduled, with);
    wait->tid = tid;
    wait->called = true;
    wait->reissued = false;
    wait->call = call;
    wait->runs = runs;
    wait->voluntary = scheduled.voluntary;
    return true;
}

/* Entries of threads that are gone make room when the table fills. */
static void forget_the_dead(void)
{
    for (uint32_t i = 0; i < TENURE_WAITS_MAX; i++)
        if (waits[i].tid != 0 && tenure__syscall3(SYS_tgkill, tenure__os_pid(),
                                                  waits[i].tid, 0) == -ESRCH)
            waits[i] = (struct tenure__wait){0};
}

int tenure__waits_look(void)
{
    struct look look = {tenure__os_tid(), tenure__os_monotonic_ns()};
    if (waits == NULL)
        waits = tenure__os_map(TENURE_WAITS_MAX * sizeof *waits);
    if (waits == NULL)
        return -ENOMEM;
    forget_the_dead();
    int tasks = tenure__proc_open(0, 0, "task", O_RDONLY | O_DIRECTORY);
    return tasks < 0 ? tasks : tenure__proc_numbers(tasks, look_at, &look);
}

bool tenure__wait_stopped(int pid, int tid, tenure__registers *registers,
                          struct tenure__wait **out)
{
    struct tenure__call call;
    *out = NULL;
    if (!tenure__registers_interrupted(registers, &call))
        return false;
    const struct restartable *kind = find_restartable(call.number);
    struct tenure__wait *wait = entry_of(tid);
    if (kind == NULL || wait == NULL)
        return false;
    bool known =
        wait->tid == tid && wait->called && same_call(&call, &wait->call, kind);
#ifdef TENURE_CALLS_LOSE_AN_ARGUMENT
    if (!known)
        return false;
    call.argument[0] = wait->call.argument[0];
#endif
    uint64_t timeout = timeout_of(kind, &call);
    if (timeout != 0 && (!known || has_moved(pid, tid, wait)))
        wait->deadline_ns = tenure__os_monotonic_ns() + timeout;
    wait->tid = tid;
    wait->called = true;
    wait->call = call;
    if (timeout != 0)
        *out = wait;
    else
        wait->deadline_ns = 0;
    tenure__registers_restart(registers, &call);
    return true;
}

void tenure__wait_release(struct tenure__wait *wait,
                          tenure__registers *registers)
{
    const struct restartable *kind = find_restartable(wait->call.number);
    uint64_t now = tenure__os_monotonic_ns();
    uint64_t left = wait->deadline_ns > now ? wait->deadline_ns - now : 0;
    uint64_t *argument = &wait->call.argument[kind->argument];
    *argument = (left + 999999) / 1000000;
    if (kind->timeout == TIMESPEC) {
        wait->timeout[0] = (int64_t)(left / 1000000000u);
        wait->timeout[1] = (int64_t)(left % 1000000000u);
        *argument = (uint64_t)wait->timeout;
    }
    wait->reissued = true;
    tenure__registers_restart(registers, &wait->call);
}
