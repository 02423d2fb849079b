/*
 * Puts interrupted system calls back, with the timeout that is left.
 *
 * In come /proc/self/task/TID/{syscall,sched} before a stop and the
 * registers after it; out go changed registers. A relative timeout is turned
 * into a deadline once, when the wait is first seen, and kept, so that
 * rounding does not add up, nor the time between a stop and the release.
 */
#include "agent/stop_waits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/stop_waits_clock.h"
#include "agent/text.h"

/* Of a thread, from one stop to the next, in one call; some preempted. */
#define RUNS_BETWEEN 5

#define PROBES 32u
#define LOOKS_MAX 3
#define LOOK_NS_MAX 50000 /* else somebody has run in between */

static struct tenure__wait *waits; /* open addressing by tid */

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

struct tenure__wait *tenure__wait_of(int tid)
{
    return waits != NULL ? entry_of(tid) : NULL;
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

/* Has the thread left its call since we looked? One run and one voluntary
 * switch are the stop itself; it may also have been preempted. */
static bool has_moved(int pid, int tid, struct tenure__wait *wait)
{
    struct tenure__scheduled scheduled;
    uint64_t expected = ++wait->voluntary;
    if (tenure__scheduled_runs(pid, tid) <= wait->runs + 1)
        return false;
    if (!tenure__scheduled_read(pid, tid, &scheduled))
        return true;
    wait->voluntary = scheduled.voluntary;
    return scheduled.voluntary > expected;
}

static bool same_call(const struct tenure__call *a,
                      const struct tenure__call *b,
                      const struct tenure__call_kind *kind)
{
    return a->number == b->number && a->stack_pointer == b->stack_pointer &&
           a->pc == b->pc &&
           a->argument[kind->argument] == b->argument[kind->argument];
}

/* Is this the very call that we began again at the last release? A number of
 * milliseconds that is left may also be that of another call. */
static bool is_reissued(const struct tenure__wait *wait,
                        const struct tenure__call *call,
                        const struct tenure__call_kind *kind,
                        uint64_t voluntary)
{
    if (!wait->reissued || !same_call(call, &wait->call, kind))
        return false;
    if (kind->timeout == TENURE__TIMEOUT_MILLISECONDS)
        return voluntary == wait->voluntary + 1;
    return tenure__call_has(kind, call, &wait->room);
}

/* ---- first arguments --------------------------------------------------- */

static struct tenure__wait_place *find_place(struct tenure__wait *wait,
                                             const struct tenure__call *call)
{
    for (uint32_t i = 0; i < TENURE_WAIT_PLACES_MAX; i++) {
        struct tenure__wait_place *place = &wait->place[i];
        if (place->pc == call->pc && place->number == call->number &&
            place->stack_pointer == call->stack_pointer)
            return place;
    }
    return NULL;
}

static void remember_argument(struct tenure__wait *wait,
                              const struct tenure__call *call)
{
    struct tenure__wait_place *place = find_place(wait, call);
    if (place != NULL) {
        place->differs |= place->argument != call->argument[0];
        place->argument = call->argument[0];
        return;
    }
    wait->place[wait->next_place] = (struct tenure__wait_place){
        .stack_pointer = call->stack_pointer,
        .pc = call->pc,
        .number = call->number,
        .argument = call->argument[0],
    };
    wait->next_place = (wait->next_place + 1) % TENURE_WAIT_PLACES_MAX;
}

/* A place where it differs says something only if the thread has not left it
 * since it was looked at: another file must never take its place. */
static bool recall_argument(struct tenure__wait *wait,
                            struct tenure__caller caller,
                            struct tenure__call *call)
{
    if (wait == NULL || wait->tid != caller.tid)
        return false;
    const struct tenure__wait_place *place = find_place(wait, call);
    if (place == NULL ||
        ((place->differs || call->number == SYS_futex) &&
         !(wait->called && wait->call.pc == call->pc &&
           wait->call.stack_pointer == call->stack_pointer &&
           tenure__scheduled_runs(caller.pid, caller.tid) <= wait->runs + 1)))
        return false;
    call->argument[0] = place->argument;
    return true;
}

/* ---- before the stop --------------------------------------------------- */

struct look {
    int self;
    bool by_signal;
    uint64_t began_ns;
};

/* A call with a timeout: when does it end? What the thread did after
 * `scheduled` and `runs` were read shows at the stop. */
static void find_deadline(struct tenure__wait *wait, int tid, uint64_t timeout,
                          const struct tenure__scheduled *scheduled,
                          const struct look *look)
{
    uint64_t now = tenure__os_monotonic_ns();
    uint64_t began = now;
    if (scheduled->last_run_ns != 0)
        began = tenure__scheduled_began(tid, scheduled, look->began_ns, now);
    wait->deadline_ns = began + timeout;
}

static void look_at_call(struct tenure__wait *wait, int tid,
                         const struct tenure__call *call,
                         const struct look *look)
{
    const struct tenure__call_kind *kind = tenure__call_kind(call->number);
    struct tenure__caller caller = {tenure__os_pid(), tid};
    struct tenure__scheduled scheduled = {0};
    uint64_t timeout = 0;
    if (look->by_signal || !kind->kernel_keeps)
        timeout = tenure__call_timeout(kind, caller, call);
    if (timeout != 0 || look->by_signal)
        tenure__scheduled_read(0, tid, &scheduled);
    if (timeout == 0)
        wait->deadline_ns = 0;
    else if (!is_reissued(wait, call, kind, scheduled.voluntary))
        find_deadline(wait, tid, timeout, &scheduled, look);
    wait->reissued = false;
    wait->call = *call;
    wait->voluntary = scheduled.voluntary;
}

/* What was read of a thread that ran meanwhile may be of two calls. */
static bool look_at(int tid, void *with)
{
    const struct look *look = with;
    struct tenure__call call;
    struct tenure__wait *wait = tid != look->self ? entry_of(tid) : NULL;
    if (wait == NULL)
        return true;
    for (int i = 0; i < LOOKS_MAX; i++) {
        uint64_t runs = tenure__scheduled_runs(0, tid);
        wait->called = read_call(tid, &call) && !tenure__detour_at(call.pc);
        if (!wait->called)
            break;
        look_at_call(wait, tid, &call, look);
        remember_argument(wait, &call);
        wait->tid = tid;
        wait->runs = runs;
        if (wait->deadline_ns == 0 || tenure__scheduled_runs(0, tid) == runs)
            break;
        wait->called = false;
    }
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

int tenure__waits_look(bool by_signal)
{
    struct look look = {tenure__os_tid(), by_signal, tenure__os_monotonic_ns()};
    if (waits == NULL)
        waits = tenure__os_map(TENURE_WAITS_MAX * sizeof *waits);
    if (waits == NULL)
        return -ENOMEM;
    forget_the_dead();
    int tasks = tenure__proc_open(0, 0, "task", O_RDONLY | O_DIRECTORY);
    return tasks < 0 ? tasks : tenure__proc_numbers(tasks, look_at, &look);
}

/* A thread that runs when the signal comes may be in its next call already,
 * and not have slept in it: nothing would tell. */
void tenure__waits_look_again(int tid)
{
    struct look look = {tenure__os_tid(), true, tenure__os_monotonic_ns()};
    const struct tenure__wait *wait = entry_of(tid);
    for (int i = 0; wait != NULL && i < LOOKS_MAX; i++) {
        uint64_t before = tenure__os_monotonic_ns();
        bool still = wait->tid == tid && wait->called &&
                     wait->runs == tenure__scheduled_runs(0, tid);
        if (still && tenure__os_monotonic_ns() - before < LOOK_NS_MAX)
            return;
        if (!still)
            look_at(tid, &look);
        if (!wait->called)
            return;
    }
}

void tenure__wait_check(int pid, int tid)
{
    struct tenure__wait *wait = entry_of(tid);
    if (wait != NULL && wait->tid == tid && wait->called &&
        wait->deadline_ns != 0 &&
        tenure__scheduled_runs(pid, tid) != wait->runs)
        wait->deadline_ns = 0;
}

/* ---- at the stop ------------------------------------------------------- */

/* Has it not even run since we began it again, where nobody could look? It
 * has run to sleep in its call and to stop; a number of milliseconds alone
 * would not tell. */
static bool is_untouched(const struct tenure__wait *wait,
                         struct tenure__caller caller,
                         const struct tenure__call *call,
                         const struct tenure__call_kind *kind)
{
    if (!wait->reissued || !same_call(call, &wait->call, kind))
        return false;
    if (kind->timeout == TENURE__TIMEOUT_MILLISECONDS)
        return tenure__scheduled_runs(caller.pid, caller.tid) <=
               wait->runs + RUNS_BETWEEN;
    return tenure__call_has(kind, call, &wait->room);
}

/* Notes a call with a timeout for its release. */
static void note(struct tenure__wait *wait, struct tenure__caller caller,
                 const struct tenure__call *call, uint64_t timeout, bool known)
{
    const struct tenure__call_kind *kind = tenure__call_kind(call->number);
    bool kept = known ? !has_moved(caller.pid, caller.tid, wait)
                      : is_untouched(wait, caller, call, kind);
    if (!known && kind->timeout == TENURE__TIMEOUT_MILLISECONDS)
        wait->runs = tenure__scheduled_runs(caller.pid, caller.tid);
    if (!kept || wait->deadline_ns == 0)
        wait->deadline_ns = tenure__os_monotonic_ns() + timeout;
    wait->tid = caller.tid;
    wait->called = true;
    wait->call = *call;
}

bool tenure__wait_stopped(int pid, int tid, tenure__registers *registers,
                          struct tenure__wait **out)
{
    struct tenure__caller caller = {pid, tid};
    struct tenure__call call;
    struct tenure__wait *wait = entry_of(tid);
    *out = NULL;
    if (!tenure__registers_interrupted(registers, &call))
        return false;
    if (tenure__detour_at(call.pc)) {
        *out = wait;
        return false;
    }
    if (!tenure__registers_find_argument(pid, tid, registers, &call) &&
        !recall_argument(wait, caller, &call))
        return false;
    const struct tenure__call_kind *kind = tenure__call_kind(call.number);
    bool known = wait != NULL && wait->tid == tid && wait->called &&
                 same_call(&call, &wait->call, kind);
    bool ended = call.result == -EINTR;
    uint64_t timeout = 0;
    if (ended || !(kind->kernel_keeps || tenure__call_of_socket(kind)))
        timeout = tenure__call_timeout(kind, caller, &call);
    if (wait != NULL && timeout != 0) {
        note(wait, caller, &call, timeout, known);
        *out = wait;
    }
    if (ended && call.number == SYS_close)
        tenure__registers_return(registers, 0);
    else if (ended)
        tenure__registers_restart(registers, &call);
    return ended;
}

/* ---- the release ------------------------------------------------------- */

void tenure__wait_detour(struct tenure__wait *wait,
                         struct tenure__caller caller,
                         const struct tenure__call *call)
{
    const struct tenure__call_kind *kind = tenure__call_kind(call->number);
    int16_t events =
        kind->timeout == TENURE__TIMEOUT_RECEIVING ? POLLIN : POLLOUT;
    tenure__detour_enter(&wait->detour, call, events,
                         tenure__call_timed_out(kind, caller, call));
}

void tenure__wait_release(struct tenure__wait *wait, int pid,
                          tenure__registers *registers)
{
    const struct tenure__call_kind *kind = tenure__call_kind(wait->call.number);
    struct tenure__caller caller = {pid, wait->tid};
    struct tenure__call call;
    bool ended = wait->call.result == -EINTR;
    uint64_t now = tenure__os_monotonic_ns();
    uint64_t left = wait->deadline_ns > now ? wait->deadline_ns - now : 0;
    bool underway = tenure__registers_interrupted(registers, &call) &&
                    tenure__detour_at(call.pc);
    wait->reissued = true;
    if (tenure__call_of_socket(kind)) {
        if (!underway)
            tenure__wait_detour(wait, caller, &wait->call);
        tenure__detour_again(&wait->detour, left, &call);
        tenure__registers_restart(registers, &call);
        return;
    }
    bool in_place = tenure__call_updates(kind) && !ended;
    if (tenure__call_shorten(kind, &wait->call, left, in_place, &wait->room) &&
        !in_place)
        tenure__registers_restart(registers, &wait->call);
}

void tenure__wait_show(int tid, tenure__registers *registers)
{
    struct tenure__call call;
    struct tenure__wait *wait;
    uint64_t pc = tenure__registers_pc(registers);
    if (!tenure__detour_at(pc) || (wait = entry_of(tid)) == NULL)
        return;
    tenure__detour_call(&wait->detour, 0, &call);
    tenure__registers_show(registers, &call);
}
