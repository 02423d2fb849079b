/*
 * The process that looks at a copy of the service.
 *
 * It is made by a raw clone(2) with the descriptors and the file system
 * state of the helper, no exit signal, and the helper as its parent: where a
 * tracer makes it, CLONE_PARENT sees to that, for else the walker would be
 * handed to the nearest reaper, with SIGCHLD, as soon as the tracer ends.
 */
#include "agent/walker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "agent/os.h"
#include "agent/proc.h"

#define LOOK_AGAIN_MS 100 /* a walker that was killed says nothing */

/* Who is idle is not made less so without leave. */
static bool may_rise(void)
{
    struct {
        uint64_t now, most;
    } nice = {0, 0};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    tenure__syscall4(SYS_prlimit64, 0, RLIMIT_NICE, 0, &nice);
    tenure__syscall2(SYS_capget, &header, data);
    return nice.now >= 20 || (data[0].effective >> CAP_SYS_NICE & 1) != 0;
}

int tenure__walker_prepare(struct tenure__walker *walker,
                           tenure__walker_body *body, void *with)
{
    long shared = tenure__syscall6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared < 0 && shared > -4096)
        return -ENOMEM;
    tenure__os_mine((uint64_t)shared, 4096);
    *walker = (struct tenure__walker){
        .service = tenure__os_pid(),
        .finished = (uint32_t *)shared,
        .body = body,
        .with = with,
        .idle = may_rise(),
    };
    return 0;
}

static void schedule(int pid, int policy, int nice)
{
    int none = 0; /* struct sched_param */
    tenure__syscall3(SYS_sched_setscheduler, pid, policy, &none);
    if (nice != 0)
        tenure__syscall3(SYS_setpriority, PRIO_PROCESS, pid, nice);
}

/* Whatever fails here makes it less modest, not wrong. */
static void be_modest(const struct tenure__walker *walker)
{
    /* With 1, unlike 0, no core is piped to a handler either: core(5). */
    struct {
        uint64_t now, most;
    } core = {1, 1};
    tenure__syscall2(SYS_prctl, PR_SET_NAME, "tenure-walker");
    tenure__syscall4(SYS_prlimit64, 0, RLIMIT_CORE, &core, 0);
    if (walker->urgent)
        ;
    else if (walker->idle)
        schedule(0, SCHED_IDLE, 0);
    else
        schedule(0, SCHED_BATCH, TENURE_WALKER_NICE);
    int fd = tenure__proc_open(0, 0, "oom_score_adj", O_WRONLY);
    if (fd >= 0) {
        tenure__syscall3(SYS_write, fd, "1000", 4);
        tenure__syscall1(SYS_close, fd);
    }
}

/* Handlers of the service never run here: all signals are blocked, and one
 * that the processor raises ends the process, being blocked. */
static __attribute__((noreturn)) void walk(struct tenure__walker *walker)
{
    uint64_t all = UINT64_MAX;
    int status = 1;
    tenure__syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
    tenure__syscall2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (tenure__syscall0(SYS_getppid) == walker->service) {
        be_modest(walker);
        status = walker->body(walker->with);
    }
    __atomic_store_n(walker->finished, 1, __ATOMIC_RELEASE);
    tenure__syscall3(SYS_futex, walker->finished, FUTEX_WAKE, 1);
    for (;;)
        tenure__syscall1(SYS_exit_group, status);
}

/* No exit signal, no new stack: the child goes on upon its copy of this
 * one. */
void tenure__walker_start(struct tenure__walker *walker, bool in_tracer)
{
    unsigned long flags = CLONE_FILES | CLONE_FS | CLONE_PARENT_SETTID |
                          (in_tracer ? CLONE_PARENT : 0);
    /* The kernel stores the number itself: a tracer that the watchdog kills
     * right after the call leaves it known. */
    long pid = tenure__syscall5(SYS_clone, flags, 0, &walker->pid, 0, 0);
    if (pid == 0)
        walk(walker);
    walker->began_ns = tenure__os_monotonic_ns();
    if (pid < 0)
        walker->pid = (int)pid;
}

static long wait_for(int pid, int *status, int options)
{
    return tenure__syscall4(SYS_wait4, pid, status, __WALL | options, 0);
}

/* Idle for long enough: from now on it gets a share. */
static void rise(struct tenure__walker *walker)
{
    if (!walker->idle || walker->urgent)
        return;
    schedule(walker->pid, SCHED_BATCH, TENURE_WALKER_NICE);
    walker->idle = false;
}

static bool is_late(const struct tenure__walker *walker, uint64_t now)
{
    uint64_t latest = walker->latest_ns != NULL
                          ? __atomic_load_n(walker->latest_ns, __ATOMIC_ACQUIRE)
                          : 0;
    return latest != 0 && now >= latest;
}

/* True when it has ended. */
static bool wait_until(struct tenure__walker *walker, int *status,
                       uint64_t until)
{
    uint64_t rises = walker->began_ns + TENURE_WALKER_IDLE_MS * 1000000ull;
    while (__atomic_load_n(walker->finished, __ATOMIC_ACQUIRE) == 0) {
        uint64_t now = tenure__os_monotonic_ns();
        int64_t span[2] = {0, LOOK_AGAIN_MS * 1000000};
        if (wait_for(walker->pid, status, WNOHANG) == walker->pid)
            return true;
        if (now >= until || is_late(walker, now))
            return false;
        if (now >= rises)
            rise(walker);
        else if (rises - now < (uint64_t)span[1])
            span[1] = (int64_t)(rises - now);
        tenure__syscall4(SYS_futex, walker->finished, FUTEX_WAIT, 0, span);
    }
    return wait_for(walker->pid, status, 0) == walker->pid;
}

int tenure__walker_finish(struct tenure__walker *walker, uint32_t timeout_ms)
{
    int status = 0, result = walker->pid < 0 ? walker->pid : -ECHILD;
    uint64_t until = tenure__os_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
    if (walker->pid > 0 && wait_until(walker, &status, until)) {
        result = WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
    } else if (walker->pid > 0) {
        tenure__syscall2(SYS_kill, walker->pid, SIGKILL);
        wait_for(walker->pid, &status, 0);
        result = -ETIMEDOUT;
    }
    tenure__os_unmap(walker->finished, 4096);
    walker->pid = 0;
    return result;
}
