/*
 * Stops the threads by ptrace.
 *
 * The helper clones a tracer that shares memory, files and file system state
 * but is a process of its own, for a thread may not trace its own group. It
 * seizes every thread (which stops nobody), interrupts them all, waits for
 * all, reads their registers into the table, runs the body, and lets them
 * go. The helper sleeps on the tracer's exit for as long as the watchdog
 * allows and then kills it, upon which the kernel releases its tracees.
 *
 * ptrace(2) wants the tracer permitted: it has our user, and the process is
 * made dumpable and open to it (Yama) for the time of the stop if that is
 * what it takes.
 */
#include "agent/stop_ptrace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/stop_waits.h"

#define STACK_BYTES (128u << 10)
#define LIST_AGAIN_MAX 16 /* passes over the threads until no new one comes */

struct tracer {
    int alive;          /* 1; the kernel clears it and wakes its futex */
    int target, helper; /* process and thread that asked */
    int error;
    bool released;
    uint32_t watchdog_ms;
    tenure__stop_body *body;
    void *with;
    struct tenure__stopped *stopped;
    struct tenure__stopped_thread *table;
    uint32_t count;  /* of the table */
    uint32_t cursor; /* the next one that a list repeats, most likely */
    struct {
        tenure__registers registers;
        struct tenure__wait *wait;
        bool traced;
    } * state;            /* parallel to the table */
    uint32_t interrupted; /* the first so many are */
};

static long ptrace4(long request, int tid, long address, const void *data)
{
    return tenure__syscall4(SYS_ptrace, request, tid, address, data);
}

static uint64_t ms_from(uint64_t now, uint32_t ms)
{
    return now + (uint64_t)ms * 1000000;
}

/* ---- seizing ----------------------------------------------------------- */

static bool is_known(struct tracer *tracer, int tid)
{
    if (tracer->cursor < tracer->count &&
        tracer->table[tracer->cursor].tid == tid) {
        tracer->cursor++;
        return true;
    }
    for (uint32_t i = tracer->count; i-- > 0;)
        if (tracer->table[i].tid == tid)
            return true;
    return false;
}

/* An exited leader stays in the list as a zombie. */
static bool is_zombie(int pid, int tid)
{
    char text[512];
    if (tenure__proc_read(pid, tid, "stat", text, sizeof text) <= 0)
        return true;
    const char *behind = NULL;
    for (const char *at = text; *at != 0; at++)
        if (*at == ')')
            behind = at;
    return behind == NULL || behind[2] == 'Z' || behind[2] == 'X';
}

static bool seize(int tid, void *with)
{
    struct tracer *tracer = with;
    if (tid == tracer->helper || tracer->count == tenure__stop_room ||
        is_known(tracer, tid))
        return true;
    long error = ptrace4(PTRACE_SEIZE, tid, 0, NULL);
    if (error == -ESRCH || (error < 0 && is_zombie(tracer->target, tid)))
        return true;
    if (error < 0) {
        tracer->error = (int)error;
        return false;
    }
    tracer->table[tracer->count] = (struct tenure__stopped_thread){.tid = tid};
    tracer->state[tracer->count].traced = true;
    tracer->state[tracer->count].wait = NULL;
    tracer->count++;
    tenure__wait_check(tracer->target, tid);
    return true;
}

static int seize_all(struct tracer *tracer)
{
    int tasks =
        tenure__proc_open(tracer->target, 0, "task", O_RDONLY | O_DIRECTORY);
    if (tasks < 0)
        return tasks;
    tracer->cursor = 0;
    int error = tenure__proc_numbers(tasks, seize, tracer);
    return tracer->error < 0 ? tracer->error : error;
}

/* ---- stopping ---------------------------------------------------------- */

static void read_registers(struct tracer *tracer, uint32_t at)
{
    struct tenure__stopped_thread *thread = &tracer->table[at];
    tenure__registers *registers = &tracer->state[at].registers;
    struct iovec general = {registers, sizeof *registers};
    if (ptrace4(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &general) < 0)
        return;
    if (tenure__wait_stopped(tracer->target, thread->tid, registers,
                             &tracer->state[at].wait))
        ptrace4(PTRACE_SETREGSET, thread->tid, NT_PRSTATUS, &general);
    tenure__registers shown = *registers;
    tenure__wait_show(thread->tid, &shown);
    memcpy(thread->word, &shown, sizeof shown);
    thread->word_count = sizeof shown / 8;
    struct iovec vector = {thread->word + thread->word_count,
                           TENURE_VECTOR_WORDS * 8};
    if (ptrace4(PTRACE_GETREGSET, thread->tid, TENURE_VECTOR_REGSET, &vector) >=
        0)
        thread->word_count += (uint32_t)(vector.iov_len / 8);
    thread->stack_pointer = tenure__registers_stack(registers);
    thread->thread_pointer = tenure__registers_thread(registers);
#ifdef TENURE_THREAD_REGSET
    struct iovec pointer = {&thread->thread_pointer, 8};
    ptrace4(PTRACE_GETREGSET, thread->tid, TENURE_THREAD_REGSET, &pointer);
#endif
    thread->stopped = true;
}

/* What wait4 said of a thread. True: nothing more is to come from it. */
static bool take_status(struct tracer *tracer, uint32_t at, int status)
{
    int tid = tracer->table[at].tid;
    if (!WIFSTOPPED(status)) { /* it has exited */
        tracer->state[at].traced = false;
        return true;
    }
    if (status >> 16 == PTRACE_EVENT_STOP) {
        read_registers(tracer, at);
        return true;
    }
    /* A signal on its way: it goes there first, then our stop comes. */
    ptrace4(PTRACE_CONT, tid, 0, (void *)(long)WSTOPSIG(status));
    return false;
}

/* Looks at the threads that have not stopped; how many are left. */
static uint32_t poll_stops(struct tracer *tracer)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < tracer->count; i++) {
        int status = 0;
        if (tracer->table[i].stopped || !tracer->state[i].traced)
            continue;
        long got = tenure__syscall4(SYS_wait4, tracer->table[i].tid, &status,
                                    __WALL | WNOHANG, 0);
        if (got == -ECHILD)
            tracer->state[i].traced = false;
        else if (got <= 0 || !take_status(tracer, i, status))
            left++;
    }
    return left;
}

/* Every stop sends SIGCHLD, which is blocked here: waiting for it loses
 * none. */
static void wait_stops(struct tracer *tracer, uint64_t until)
{
    uint64_t child = 1ull << (SIGCHLD - 1);
    while (poll_stops(tracer) > 0) {
        uint64_t now = tenure__os_monotonic_ns();
        if (now >= until)
            return;
        int64_t span[2] = {0, (int64_t)(until - now)};
        tenure__syscall4(SYS_rt_sigtimedwait, &child, 0, span, sizeof child);
    }
}

static void interrupt_new(struct tracer *tracer)
{
    for (; tracer->interrupted < tracer->count; tracer->interrupted++) {
        uint32_t at = tracer->interrupted;
        if (ptrace4(PTRACE_INTERRUPT, tracer->table[at].tid, 0, NULL) < 0)
            tracer->state[at].traced = false;
    }
}

/* Until a pass finds no thread that another has made meanwhile. */
static int stop_all(struct tracer *tracer)
{
    uint64_t until = ms_from(tenure__os_monotonic_ns(), TENURE_STOP_WAIT_MS);
    for (int pass = 0; pass < LIST_AGAIN_MAX; pass++) {
        interrupt_new(tracer);
        wait_stops(tracer, until);
        int error = seize_all(tracer);
        if (error < 0)
            return error;
        if (tracer->interrupted == tracer->count)
            return 0;
    }
    return 0;
}

/* ---- releasing --------------------------------------------------------- */

static void release_one(struct tracer *tracer, uint32_t at)
{
    int tid = tracer->table[at].tid;
    if (tracer->state[at].wait != NULL) {
        struct iovec general = {&tracer->state[at].registers,
                                sizeof(tenure__registers)};
        tenure__wait_release(tracer->state[at].wait, tracer->target,
                             &tracer->state[at].registers);
        ptrace4(PTRACE_SETREGSET, tid, NT_PRSTATUS, &general);
    }
    ptrace4(PTRACE_DETACH, tid, 0, NULL);
}

/* Those that were running go on first. */
static void release_all(struct tracer *tracer)
{
    for (int waiting = 0; waiting < 2; waiting++)
        for (uint32_t i = 0; i < tracer->count; i++)
            if (tracer->table[i].stopped &&
                (tracer->state[i].wait != NULL) == waiting)
                release_one(tracer, i);
}

/* Who has not stopped cannot be detached but by our exit, which takes back
 * the stop, but not its effect on a call that a thread was waiting in if the
 * thread has just not come to run since: it would say EINTR. Stays until they
 * have stopped, without holding the others; for those that do not wait for
 * what a stop ends (disks, vfork) it makes no difference. */
static void release_late(struct tracer *tracer, uint64_t until)
{
    uint64_t child = 1ull << (SIGCHLD - 1);
    for (;;) {
        for (uint32_t i = 0; i < tracer->count; i++)
            tracer->state[i].traced &= !tracer->table[i].stopped;
        uint32_t left = poll_stops(tracer);
        for (uint32_t i = 0; i < tracer->count; i++)
            if (tracer->state[i].traced && tracer->table[i].stopped)
                release_one(tracer, i);
        uint64_t now = tenure__os_monotonic_ns();
        if (left == 0 || now >= until)
            return;
        int64_t span[2] = {0, (int64_t)(until - now)};
        tenure__syscall4(SYS_rt_sigtimedwait, &child, 0, span, sizeof child);
    }
}

static void describe(struct tracer *tracer)
{
    struct tenure__stopped *stopped = tracer->stopped;
    stopped->method = TENURE__STOP_PTRACE;
    stopped->in_tracer = true;
    stopped->thread = tracer->table;
    stopped->thread_count = tracer->count;
    stopped->unstopped = 0;
    for (uint32_t i = 0; i < tracer->count; i++)
        stopped->unstopped +=
            tracer->state[i].traced && !tracer->table[i].stopped;
}

/* ---- the tracer process ------------------------------------------------ */

static void become_tracer(void)
{
    struct { /* struct sigaction of the kernel */
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } standard = {0};
    uint64_t all = UINT64_MAX;
    int priority = 1;
    tenure__syscall2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    /* Where we may: nobody else's work makes the pause longer. The walker
     * does not inherit it. */
    tenure__syscall3(SYS_sched_setscheduler, 0,
                     SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
    tenure__syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
    /* Our own copy of the table: were SIGCHLD ignored, none would come. */
    tenure__syscall4(SYS_rt_sigaction, SIGCHLD, &standard, 0,
                     sizeof standard.mask);
}

static int trace(void *with)
{
    struct tracer *tracer = with;
    become_tracer();
    tracer->error = seize_all(tracer);
    if (tracer->error < 0)
        return 0;
    uint64_t began = tenure__os_monotonic_ns();
    tracer->error = stop_all(tracer);
    if (tracer->error == 0) {
        describe(tracer);
        tracer->body(tracer->stopped, tracer->with);
    }
    release_all(tracer);
    tracer->stopped->pause_ns = tenure__os_monotonic_ns() - began;
    __atomic_store_n(&tracer->released, true, __ATOMIC_RELEASE);
    release_late(tracer, ms_from(began, tracer->watchdog_ms / 4 * 3));
    return 0;
}

static int try_to_trace(void *with)
{
    struct tracer *tracer = with;
    become_tracer();
    tracer->error = (int)ptrace4(PTRACE_SEIZE, tracer->helper, 0, NULL);
    __atomic_store_n(&tracer->released, true, __ATOMIC_RELEASE);
    return 0;
}

/* ---- the helper's side ------------------------------------------------- */

/* Sleeps until the tracer is gone, and sees to it that it goes. */
static void outlive(struct tracer *tracer, int pid)
{
    uint64_t until = ms_from(tenure__os_monotonic_ns(), tracer->watchdog_ms);
    while (__atomic_load_n(&tracer->alive, __ATOMIC_ACQUIRE) != 0) {
        uint64_t now = tenure__os_monotonic_ns();
        if (now >= until) {
            tenure__syscall2(SYS_kill, pid, SIGKILL);
            break;
        }
        int64_t span[2] = {(int64_t)((until - now) / 1000000000u),
                           (int64_t)((until - now) % 1000000000u)};
        tenure__syscall4(SYS_futex, &tracer->alive, FUTEX_WAIT, 1, span);
    }
    while (tenure__syscall4(SYS_wait4, pid, 0, __WALL, 0) == -EINTR)
        ;
}

/* Runs fn in a process that shares our memory: 0 if it got to its end. */
static int run_tracer(struct tracer *tracer, int (*fn)(void *))
{
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED |
                          CLONE_CHILD_CLEARTID;
    char *stack = tenure__os_map(STACK_BYTES);
    if (stack == NULL)
        return -ENOMEM;
    tracer->alive = 1;
    tracer->target = tenure__os_pid();
    tracer->helper = tenure__os_tid();
    long pid = tenure__clone_on(flags, stack + STACK_BYTES, fn, tracer,
                                &tracer->alive);
    if (pid > 0)
        outlive(tracer, (int)pid);
    tenure__os_unmap(stack, STACK_BYTES);
    if (pid < 0)
        return (int)pid;
    if (tracer->error < 0)
        return tracer->error;
    return tracer->released ? 0 : -ETIMEDOUT;
}

/* Opens the process to a tracer, as far as it is closed, and shuts it. */
struct permission {
    bool dumpable_changed, yama_changed;
};

static void permit(struct permission *permission)
{
    char text[16];
    /* 2 (suid_dumpable) cannot be set again from here: left alone. */
    permission->dumpable_changed =
        tenure__syscall1(SYS_prctl, PR_GET_DUMPABLE) == 0 &&
        tenure__syscall2(SYS_prctl, PR_SET_DUMPABLE, 1) == 0;
    int yama = (int)tenure__syscall4(SYS_openat, AT_FDCWD,
                                     "/proc/sys/kernel/yama/ptrace_scope",
                                     O_RDONLY | O_CLOEXEC, 0);
    text[0] = '0';
    if (yama >= 0) {
        tenure__syscall3(SYS_read, yama, text, 1);
        tenure__syscall1(SYS_close, yama);
    }
    permission->yama_changed =
        text[0] == '1' &&
        tenure__syscall2(SYS_prctl, PR_SET_PTRACER, PR_SET_PTRACER_ANY) == 0;
}

static void forbid(const struct permission *permission)
{
    if (permission->dumpable_changed)
        tenure__syscall2(SYS_prctl, PR_SET_DUMPABLE, 0);
    if (permission->yama_changed)
        tenure__syscall2(SYS_prctl, PR_SET_PTRACER, 0);
}

/* Some need no permission (CAP_SYS_PTRACE): asks only who was refused. */
static int run_permitted(struct tracer *tracer, int (*fn)(void *))
{
    struct permission permission;
    int error = run_tracer(tracer, fn);
    if (error != -EPERM)
        return error;
    tracer->count = tracer->interrupted = 0;
    tracer->error = 0;
    permit(&permission);
    error = run_tracer(tracer, fn);
    forbid(&permission);
    return error;
}

int tenure__stop_ptrace_probe(void)
{
    struct tracer tracer = {.watchdog_ms = TENURE_STOP_WATCHDOG_MS};
    return run_permitted(&tracer, try_to_trace);
}

int tenure__stop_ptrace(struct tenure__stopped_thread *table,
                        uint32_t watchdog_ms, tenure__stop_body *body,
                        void *with, struct tenure__stopped *stopped)
{
    struct tracer tracer = {
        .watchdog_ms = watchdog_ms,
        .body = body,
        .with = with,
        .stopped = stopped,
        .table = table,
    };
    size_t state_bytes = TENURE_STOP_THREADS_MAX * sizeof *tracer.state;
    int error = tenure__waits_look(false);
    if (error < 0)
        return error;
    tracer.state = tenure__os_map(state_bytes);
    if (tracer.state == NULL)
        return -ENOMEM;
    error = run_permitted(&tracer, trace);
    tenure__os_unmap(tracer.state, state_bytes);
    return error;
}
