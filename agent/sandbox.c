/*
 * Runs seccomp filters on the agent's own system calls.
 *
 * A filter's jumps only go forward, so it ends; what the kernel would refuse
 * (division, other offsets) is taken for deadly. Arguments are not known
 * beforehand: a filter that looks at them is run with all bits clear and
 * again with all bits set.
 */
#include "agent/sandbox.h"

#include <linux/seccomp.h>
#include <sys/uio.h>

#include "agent/os.h"

#define INSTRUCTIONS_MAX 4096u /* the kernel's BPF_MAXINSNS */

/* All that agent/ calls, on any thread; tests/lint/system_calls.sh compares.
 * restart_syscall is what a stopped thread goes on with. */
static const uint16_t calls[] = {
    SYS_accept4,
    SYS_bind,
    SYS_capget,
    SYS_clock_gettime,
    SYS_clone,
    SYS_close,
    SYS_close_range,
    SYS_exit,
    SYS_exit_group,
    SYS_fcntl,
    SYS_fstat,
    SYS_ftruncate,
    SYS_futex,
    SYS_getcwd,
    SYS_getdents64,
    SYS_geteuid,
    SYS_getgroups,
    SYS_getpid,
    SYS_getppid,
    SYS_getrandom,
    SYS_getresgid,
    SYS_getresuid,
    SYS_getrusage,
    SYS_getsockopt,
    SYS_gettid,
    SYS_ioctl,
    SYS_kill,
    SYS_linkat,
    SYS_listen,
    SYS_madvise,
    SYS_membarrier,
    SYS_mincore,
    SYS_mkdirat,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_munmap,
    SYS_nanosleep,
    SYS_newfstatat,
    SYS_openat,
    SYS_pidfd_getfd,
    SYS_pidfd_open,
    SYS_ppoll,
    SYS_prctl,
    SYS_pread64,
    SYS_prlimit64,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_pwrite64,
    SYS_read,
    SYS_readlinkat,
    SYS_recvmsg,
    SYS_renameat2,
    SYS_restart_syscall,
    SYS_rt_sigaction,
    SYS_rt_sigpending,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_rt_tgsigqueueinfo,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_setscheduler,
    SYS_sched_yield,
    SYS_sendto,
    SYS_setpriority,
    SYS_sigaltstack,
    SYS_signalfd4,
    SYS_socket,
    SYS_tgkill,
    SYS_uname,
    SYS_unlinkat,
    SYS_wait4,
    SYS_write,
    SYS_writev,
};

static bool sandboxed;
static bool pid_is_dear;

struct machine {
    uint32_t a, x, memory[BPF_MEMWORDS];
    uint32_t call, arguments; /* arguments: each word of them */
    bool looked;              /* at an argument or at the place of the call */
};

static bool load(struct machine *m, const struct sock_filter *at)
{
    uint32_t value;
    switch (BPF_MODE(at->code)) {
    case BPF_IMM:
        value = at->k;
        break;
    case BPF_LEN:
        value = sizeof(struct seccomp_data);
        break;
    case BPF_MEM:
        if (at->k >= BPF_MEMWORDS)
            return false;
        value = m->memory[at->k];
        break;
    case BPF_ABS:
        if (at->k >= sizeof(struct seccomp_data) || at->k % 4 != 0)
            return false;
        m->looked |= at->k > 4;
        value = at->k == 0   ? m->call
                : at->k == 4 ? TENURE_AUDIT_ARCH
                             : m->arguments;
        break;
    default:
        return false;
    }
    *(BPF_CLASS(at->code) == BPF_LD ? &m->a : &m->x) = value;
    return true;
}

static bool calculate(struct machine *m, const struct sock_filter *at)
{
    uint32_t operand = BPF_SRC(at->code) == BPF_K ? at->k : m->x;
    switch (BPF_OP(at->code)) {
    case BPF_ADD:
        m->a += operand;
        return true;
    case BPF_SUB:
        m->a -= operand;
        return true;
    case BPF_AND:
        m->a &= operand;
        return true;
    case BPF_OR:
        m->a |= operand;
        return true;
    case BPF_XOR:
        m->a ^= operand;
        return true;
    case BPF_LSH:
        m->a <<= operand & 31;
        return true;
    case BPF_RSH:
        m->a >>= operand & 31;
        return true;
    case BPF_NEG:
        m->a = -m->a;
        return true;
    default:
        return false;
    }
}

/* How many instructions to pass over. */
static uint32_t jump(const struct machine *m, const struct sock_filter *at)
{
    uint32_t operand = BPF_SRC(at->code) == BPF_K ? at->k : m->x;
    bool holds = false;
    switch (BPF_OP(at->code)) {
    case BPF_JA:
        return at->k;
    case BPF_JEQ:
        holds = m->a == operand;
        break;
    case BPF_JGT:
        holds = m->a > operand;
        break;
    case BPF_JGE:
        holds = m->a >= operand;
        break;
    case BPF_JSET:
        holds = (m->a & operand) != 0;
        break;
    }
    return holds ? at->jt : at->jf;
}

/* All but loads, jumps and the end. */
static bool step(struct machine *m, const struct sock_filter *at)
{
    switch (BPF_CLASS(at->code)) {
    case BPF_LD:
    case BPF_LDX:
        return load(m, at);
    case BPF_ST:
    case BPF_STX:
        if (at->k >= BPF_MEMWORDS)
            return false;
        m->memory[at->k] = BPF_CLASS(at->code) == BPF_ST ? m->a : m->x;
        return true;
    case BPF_ALU:
        return calculate(m, at);
    case BPF_MISC:
        *(BPF_MISCOP(at->code) == BPF_TAX ? &m->x : &m->a) =
            BPF_MISCOP(at->code) == BPF_TAX ? m->a : m->x;
        return true;
    default:
        return false;
    }
}

/* The filter's answer; deadly where it has none. */
static uint32_t run(struct machine *m, const struct sock_filter *filter,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &filter[i];
        if (BPF_CLASS(at->code) == BPF_RET)
            return BPF_RVAL(at->code) == BPF_A ? m->a : at->k;
        if (BPF_CLASS(at->code) == BPF_JMP)
            i += jump(m, at);
        else if (!step(m, at))
            break;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static bool is_harmless(uint32_t answer)
{
    uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
           action == SECCOMP_RET_ERRNO;
}

bool tenure__sandbox_returns(const struct sock_filter *filter, size_t count,
                             long call)
{
    struct machine m = {.call = (uint32_t)call};
    if (!is_harmless(run(&m, filter, count)))
        return false;
    if (!m.looked)
        return true;
    m = (struct machine){.call = (uint32_t)call, .arguments = UINT32_MAX};
    return is_harmless(run(&m, filter, count));
}

static bool read_memory(void *to, const void *from, size_t bytes)
{
    struct iovec local = {to, bytes}, remote = {(void *)from, bytes};
    return tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(),
                            (long)&local, 1, (long)&remote, 1,
                            0) == (long)bytes;
}

/* The pointers are the service's, and may be wrong: then its call fails. */
static bool survives(const void *program, bool *may_ask_pid)
{
    struct sock_fprog header;
    struct sock_filter *filter;
    *may_ask_pid = false;
    if (!read_memory(&header, program, sizeof header) ||
        header.len > INSTRUCTIONS_MAX)
        return false;
    size_t bytes = header.len * sizeof *filter;
    filter = tenure__os_map(bytes + 1);
    if (filter == NULL)
        return false;
    bool all = read_memory(filter, header.filter, bytes);
    if (all)
        *may_ask_pid = tenure__sandbox_returns(filter, header.len, SYS_getpid);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && all; i++)
        all = tenure__sandbox_returns(filter, header.len, calls[i]);
    tenure__os_unmap(filter, bytes + 1);
    return all;
}

bool tenure__sandbox_enter(const void *program)
{
    bool may_ask_pid = false;
    /* Under a filter that we know to be deadly not even this is tried. */
    if (!tenure__sandboxed() && program != NULL &&
        survives(program, &may_ask_pid))
        return true;
    __atomic_store_n(&pid_is_dear, pid_is_dear || !may_ask_pid,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&sandboxed, true, __ATOMIC_RELEASE);
    return false;
}

bool tenure__sandboxed(void)
{
    return __atomic_load_n(&sandboxed, __ATOMIC_ACQUIRE);
}

bool tenure__sandbox_may_ask_pid(void)
{
    return !__atomic_load_n(&pid_is_dear, __ATOMIC_RELAXED);
}
