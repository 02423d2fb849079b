/*
 * Makes, wakes and ends the helper thread.
 *
 * It is woken by signal 33, which glibc keeps to itself (SIGSETXID), sent to
 * the helper's own tid: blocked there like all others and read through a
 * signalfd in its own descriptor table, it can meet no handler and no
 * sigwait() of the service.
 */
#include "agent/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "agent/credentials.h"
#include "agent/helper_arch.h"
#include "agent/lock.h"
#include "agent/os.h"
#include "agent/trace.h"

#define WAKE_SIGNAL 33
#define STACK_BYTES (256u << 10)
#define PTHREAD_BYTES 8192u /* room for glibc's struct pthread, generous */

static struct {
    void (*run)(void);
    int64_t tls_offset; /* of libtenure's block, from the thread pointer */
    int64_t errno_offset;
    const void *tls_image;
    size_t tls_image_bytes, tls_bytes;
    char *memory;
    uint64_t tp;
    int64_t tid_offset; /* where struct pthread holds the tid; 0 = unknown */
    uint32_t tid;       /* 0 = not running; cleared by the kernel */
    uint32_t starting;
    uint32_t stop;
    uint32_t sealed;
    struct tenure__credentials credentials; /* that it started with */
    uint32_t watching;
    uint32_t shares_files;
    uint32_t ever_started; /* in this process or one it was forked from */
    int wake_fd;
} helper;

static int find_tls(struct dl_phdr_info *info, size_t bytes, void *with)
{
    (void)bytes;
    (void)with;
    uint64_t here = (uint64_t)&helper;
    const ElfW(Phdr) *tls = NULL;
    bool mine = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && here >= start && here < start + p->p_memsz)
            mine = true;
        if (p->p_type == PT_TLS)
            tls = p;
    }
    if (!mine)
        return 0;
    if (tls != NULL && info->dlpi_tls_data != NULL) {
        helper.tls_offset =
            (int64_t)((uint64_t)info->dlpi_tls_data - tenure__thread_pointer());
        helper.tls_image = (const void *)(info->dlpi_addr + tls->p_vaddr);
        helper.tls_image_bytes = tls->p_filesz;
        helper.tls_bytes = tls->p_memsz;
    }
    return 1;
}

/* Where struct pthread holds the tid: the word nearest to the thread pointer
 * that equals ours. The helper's own is put there, so that jemalloc's mutexes
 * know their owner. Nothing beyond it is read: it may not be mapped. In glibc
 * it is 8-aligned; the words between are upper halves of pointers, which may
 * equal a tid as well (32767 is 0x7fff). */
static void find_tid(void)
{
    uint32_t tid = (uint32_t)tenure__os_tid();
    uint64_t tp = tenure__thread_pointer();
    for (int64_t at = 8; at < 2048; at += 8) {
        int64_t offset = TENURE_TLS_BELOW ? at : -at;
        if (*(const uint32_t *)(tp + (uint64_t)offset) == tid) {
            helper.tid_offset = offset;
            return;
        }
    }
}

void tenure__helper_open(void (*run)(void))
{
    helper.run = run;
    dl_iterate_phdr(find_tls, NULL);
    helper.errno_offset =
        (int64_t)((uint64_t)&errno - tenure__thread_pointer());
    find_tid();
}

void tenure__helper_tls(int64_t *offset, size_t *bytes)
{
    *offset = helper.tls_offset;
    *bytes = helper.tls_bytes;
}

int64_t tenure__helper_tid_offset(void)
{
    return helper.tid_offset;
}

/* How much there must be on the far side of the thread pointer. */
static size_t tls_reach(void)
{
    int64_t reach = 64;
    if (TENURE_TLS_BELOW) {
        if (-helper.tls_offset > reach)
            reach = -helper.tls_offset;
        if (-helper.errno_offset > reach)
            reach = -helper.errno_offset;
    } else {
        int64_t end = helper.tls_offset + (int64_t)helper.tls_bytes;
        if (end > reach)
            reach = end;
        if (helper.errno_offset + 8 > reach)
            reach = helper.errno_offset + 8;
    }
    return ((size_t)reach + 4095 + 64) & ~(size_t)4095;
}

/* One mapping: guard page, stack, then the thread-local storage. */
static int make_memory(void)
{
    size_t reach = tls_reach();
    size_t bytes = 4096 + STACK_BYTES + reach + PTHREAD_BYTES;
    if (helper.memory == NULL) {
        char *memory = tenure__os_map(bytes);
        if (memory == NULL)
            return -ENOMEM;
        tenure__syscall3(SYS_mprotect, memory, 4096, PROT_NONE);
        helper.memory = memory;
    }
    char *tls = helper.memory + 4096 + STACK_BYTES;
    memset(tls, 0, reach + PTHREAD_BYTES);
    helper.tp = (uint64_t)tls + (TENURE_TLS_BELOW ? reach : PTHREAD_BYTES);
    tenure__thread_pointer_fill(helper.tp, tenure__thread_pointer());
    memcpy((void *)(helper.tp + (uint64_t)helper.tls_offset), helper.tls_image,
           helper.tls_image_bytes);
    return 0;
}

/* Everything but stderr, where the user asked for the trace to go there. */
static void close_all(void)
{
    unsigned first = 0;
    if (tenure__trace_keeps_stderr()) {
        tenure__syscall1(SYS_close, 0);
        tenure__syscall1(SYS_close, 1);
        first = 3;
    }
    if (tenure__syscall3(SYS_close_range, first, ~0u, 0) == 0)
        return;
    for (unsigned fd = first; fd < 65536; fd++)
        tenure__syscall1(SYS_close, fd);
}

static void begin(void *with)
{
    uint64_t wake = 1ull << (WAKE_SIGNAL - 1);
    (void)with;
    if (!helper.shares_files)
        close_all();
    uint32_t tid = (uint32_t)tenure__os_tid();
    if (helper.tid_offset != 0)
        *(uint32_t *)(helper.tp + (uint64_t)helper.tid_offset) = tid;
    tenure__syscall2(SYS_prctl, PR_SET_NAME, "tenure");
    /* A service may run in real time; its helper need not. */
    int priority = 0;
    tenure__syscall3(SYS_sched_setscheduler, 0, 0 /* SCHED_OTHER */, &priority);
    helper.wake_fd = -1;
    if (!helper.shares_files)
        helper.wake_fd = (int)tenure__syscall4(SYS_signalfd4, -1, &wake, 8,
                                               O_NONBLOCK | O_CLOEXEC);
    if (helper.wake_fd < 0)
        helper.watching = 1; /* nobody could wake it */
    helper.run();
    tenure__syscall1(SYS_exit, 0);
}

static long clone_blocked(void)
{
    uint64_t all = ~0ull, before;
    uint64_t flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    if (helper.shares_files)
        flags |= CLONE_FILES | CLONE_FS;
    tenure__syscall4(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, &before, 8);
    long tid = tenure__clone(flags, helper.memory + 4096 + STACK_BYTES,
                             (int32_t *)&helper.tid, (int32_t *)&helper.tid,
                             helper.tp, begin, NULL);
    tenure__syscall4(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &before, NULL, 8);
    return tid;
}

int tenure__helper_start(void)
{
    if (__atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE) != 0)
        return 0;
    if (helper.run == NULL || helper.tls_image == NULL)
        return -ENOSYS;
    if (__atomic_load_n(&helper.sealed, __ATOMIC_ACQUIRE) != 0)
        return -EPERM;
    if (__atomic_exchange_n(&helper.starting, 1, __ATOMIC_ACQUIRE) != 0)
        return 0; /* another thread is at it */
    /* Looked at again: another thread may have come and gone meanwhile. */
    int error = __atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE) == 0
                    ? make_memory()
                    : -EALREADY;
    if (error == 0) {
        helper.stop = 0;
        tenure__credentials_read(&helper.credentials);
        long tid = clone_blocked();
        if (tid == -EINVAL && !helper.ever_started) {
            /* An emulator that knows only threads that share everything:
             * then no descriptor is held while nothing is written. */
            helper.shares_files = helper.watching = 1;
            tid = clone_blocked();
        }
        error = tid < 0 ? (int)tid : 0;
        helper.ever_started |= error == 0;
    }
    __atomic_store_n(&helper.starting, 0, __ATOMIC_RELEASE);
    return error == -EALREADY ? 0 : error;
}

static void send_wake(uint32_t tid)
{
    tenure__syscall3(SYS_tgkill, tenure__os_pid(), tid, WAKE_SIGNAL);
}

void tenure__helper_wake(void)
{
    uint32_t tid = __atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE);
    if (tid != 0 && !tenure__helper_watching())
        send_wake(tid);
}

void tenure__helper_watch(void)
{
    uint32_t tid = __atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE);
    if (__atomic_exchange_n(&helper.watching, 1, __ATOMIC_ACQ_REL) == 0 &&
        tid != 0)
        send_wake(tid);
}

bool tenure__helper_watching(void)
{
    return __atomic_load_n(&helper.watching, __ATOMIC_ACQUIRE) != 0;
}

void tenure__helper_stop(uint32_t timeout_ms)
{
    uint32_t tid;
    __atomic_store_n(&helper.stop, 1, __ATOMIC_RELEASE);
    tenure__helper_wake();
    /* The kernel's wake is of the shared kind: look now and then. */
    for (uint32_t ms = 0; ms < timeout_ms; ms++) {
        tid = __atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE);
        if (tid == 0)
            return;
        tenure__wait(&helper.tid, tid, 1);
    }
}

bool tenure__helper_ending(void)
{
    return tenure__helper_should_stop() && tenure__helper_tid() != 0;
}

void tenure__helper_seal(void)
{
    __atomic_store_n(&helper.sealed, 1, __ATOMIC_RELEASE);
}

bool tenure__helper_exceeds_caller(void)
{
    struct tenure__credentials caller;
    tenure__credentials_read(&caller);
    return tenure__credentials_exceed(&helper.credentials, &caller);
}

void tenure__helper_after_fork(void)
{
    helper.tid = 0;
    helper.starting = 0;
    helper.stop = 0;
}

bool tenure__helper_should_stop(void)
{
    return __atomic_load_n(&helper.stop, __ATOMIC_ACQUIRE) != 0;
}

bool tenure__helper_shares_files(void)
{
    return helper.shares_files != 0;
}

int tenure__helper_wake_fd(void)
{
    return helper.wake_fd;
}

void tenure__helper_wake_read(void)
{
    char infos[128 * 4];
    while (tenure__syscall3(SYS_read, helper.wake_fd, infos, sizeof infos) > 0)
        continue;
}

int tenure__helper_tid(void)
{
    return (int)__atomic_load_n(&helper.tid, __ATOMIC_ACQUIRE);
}
