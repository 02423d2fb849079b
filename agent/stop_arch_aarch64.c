/*
 * Registers and clones on aarch64.
 *
 * The first argument of an interrupted call is gone when a stop shows its
 * registers (the result has taken x0), and the kernel has forgotten the call
 * by then: a restart sets the thread back onto the svc instruction. Some
 * kernels (6.1.170, but not 6.1.192) still show the argument, in
 * /proc/PID/task/TID/syscall, while they are told that the thread is in a
 * call. Else it may be in another register, or known from before.
 *
 * A thread that stands behind a svc with EINTR in x0 is taken to have been
 * stopped in the call. It may also have just come back from the handler of a
 * signal that ended the call; nothing tells the two apart.
 */
#include "agent/stop_arch.h"

#include <asm/sigcontext.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/uio.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/text.h"

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define SVC_INSTRUCTION 0xd4000001u
#define KERNEL_ERESTARTNOHAND 514

__asm__(".text\n"
        ".globl tenure__clone_on\n"
        ".hidden tenure__clone_on\n"
        ".type tenure__clone_on, %function\n"
        "tenure__clone_on:\n"
        ".cfi_startproc\n"
        "    and x1, x1, #-16\n"
        "    stp x2, x3, [x1, #-16]!\n"
        "    mov x2, xzr\n"
        "    mov x3, xzr\n"
        "    mov x8, #" TEXT_OF(__NR_clone) "\n"
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    ret\n"
        "1:\n"
        "    .cfi_undefined x30\n"
        "    mov x29, xzr\n"
        "    ldp x1, x0, [sp], #16\n"
        "    blr x1\n"
        "    mov x8, #" TEXT_OF(__NR_exit) "\n"
        "    svc #0\n"
        "    brk #1\n"
        ".cfi_endproc\n"
        ".size tenure__clone_on, . - tenure__clone_on\n");

/* The vdso has the way back. */
void tenure__sigaction_finish(struct tenure__sigaction *action)
{
    (void)action;
}

uint32_t tenure__context_words(const void *context, uint64_t *word,
                               uint64_t *stack_pointer)
{
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
    uint32_t count = sizeof machine->regs / 8;
    memcpy(word, machine->regs, sizeof machine->regs);
    *stack_pointer = machine->sp;
    const struct fpsimd_context *vector = (const void *)machine->__reserved;
    if (vector->head.magic != FPSIMD_MAGIC)
        return count;
    memcpy(word + count, vector->vregs, sizeof vector->vregs);
    return count + sizeof vector->vregs / 8;
}

uint64_t tenure__registers_stack(const tenure__registers *registers)
{
    return registers->sp;
}

uint64_t tenure__registers_pc(const tenure__registers *registers)
{
    return registers->pc;
}

uint64_t tenure__registers_thread(const tenure__registers *registers)
{
    (void)registers;
    return 0;
}

/* It may stand where nothing is mapped, about to end for it. */
static bool is_call(uint64_t pc)
{
    uint32_t instruction = 0;
    struct iovec here = {&instruction, sizeof instruction};
    struct iovec there = {(void *)pc, sizeof instruction};
    return tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(), (long)&here,
                            1, (long)&there, 1, 0) == sizeof instruction &&
           instruction == SVC_INSTRUCTION;
}

/* A thread that goes on with its call stands in front of the instruction,
 * like one that is about to make it: the caller can tell, or need not. */
bool tenure__registers_interrupted(const tenure__registers *registers,
                                   struct tenure__call *call)
{
    bool again = is_call(registers->pc);
    if (!again && ((long)registers->regs[0] != -EINTR ||
                   !is_call(registers->pc - TENURE_CALL_BYTES)))
        return false;
    *call = (struct tenure__call){
        .number = (long)registers->regs[8],
        .result = again ? -KERNEL_ERESTARTNOHAND : -EINTR,
        .stack_pointer = registers->sp,
        .pc = registers->pc + (again ? TENURE_CALL_BYTES : 0),
    };
    for (int i = again ? 0 : 1; i < 6; i++)
        call->argument[i] = registers->regs[i];
    return true;
}

#define LOOK_BACK 8 /* instructions */

/* Did the thread copy the argument from a register that still has it? glibc
 * does so in all that can be cancelled. Goes back from the svc to what has
 * last written x0. */
static bool find_copy(const tenure__registers *registers, uint64_t *argument)
{
    uint32_t code[LOOK_BACK], changed = 0;
    uint64_t from = registers->pc - TENURE_CALL_BYTES - sizeof code;
    struct iovec here = {code, sizeof code};
    struct iovec there = {(void *)from, sizeof code};
    if (tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(), (long)&here, 1,
                         (long)&there, 1, 0) != sizeof code)
        return false;
    for (int i = LOOK_BACK; i-- > 0;) {
        uint32_t source = code[i] >> 16 & 31;
        bool branches = (code[i] >> 26 & 7) == 5;
        if ((code[i] & 0xffe0ffffu) == 0xaa0003e0u) { /* mov x0, source */
            if (source == 31 || (changed >> source & 1) != 0)
                return false;
            *argument = registers->regs[source];
            return true;
        }
        changed |= 1u << (code[i] & 31);
        if ((code[i] & 0x3a000000u) == 0x28000000u) /* ldp */
            changed |= 1u << (code[i] >> 10 & 31);
        if ((changed & 1) != 0 || branches)
            return false;
    }
    return false;
}

static bool set_call_number(int tid, int number)
{
    struct iovec here = {&number, sizeof number};
    return tenure__syscall4(SYS_ptrace, PTRACE_SETREGSET, tid,
                            NT_ARM_SYSTEM_CALL, &here) >= 0;
}

/* "22 0x5 ...": the number that it was told, and the argument; or the result,
 * which has taken its place. */
static bool ask_for_argument(int pid, int tid, struct tenure__call *call)
{
    char text[256];
    const char *at = text;
    uint64_t number;
    if (!set_call_number(tid, (int)call->number))
        return false;
    long got = tenure__proc_read(pid, tid, "syscall", text, sizeof text);
    set_call_number(tid, -1);
    return got > 0 && tenure__text_parse_number(&at, &number) &&
           number == (uint64_t)call->number && *at++ == ' ' &&
           tenure__proc_hex(&at, &call->argument[0]) &&
           (long)call->argument[0] != call->result;
}

bool tenure__registers_find_argument(int pid, int tid,
                                     const tenure__registers *registers,
                                     struct tenure__call *call)
{
    return call->result != -EINTR || ask_for_argument(pid, tid, call) ||
           find_copy(registers, &call->argument[0]);
}

void tenure__registers_restart(tenure__registers *registers,
                               const struct tenure__call *call)
{
    tenure__registers_show(registers, call);
    registers->pc -= TENURE_CALL_BYTES;
}

void tenure__registers_show(tenure__registers *registers,
                            const struct tenure__call *call)
{
    for (int i = 0; i < 6; i++)
        registers->regs[i] = call->argument[i];
    registers->regs[8] = (uint64_t)call->number;
    registers->pc = call->pc;
}

void tenure__registers_return(tenure__registers *registers, long result)
{
    registers->regs[0] = (uint64_t)result;
}

bool tenure__context_interrupted(const void *context, struct tenure__call *call)
{
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
    if ((long)machine->regs[0] != -EINTR ||
        !is_call(machine->pc - TENURE_CALL_BYTES))
        return false;
    *call = (struct tenure__call){
        .number = (long)machine->regs[8],
        .result = -EINTR,
        .stack_pointer = machine->sp,
        .pc = machine->pc,
    };
    for (int i = 1; i < 6; i++)
        call->argument[i] = machine->regs[i];
    return true;
}

void tenure__context_restart(void *context, const struct tenure__call *call)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    for (int i = 0; i < 6; i++)
        machine->regs[i] = call->argument[i];
    machine->regs[8] = (uint64_t)call->number;
    machine->pc = call->pc - TENURE_CALL_BYTES;
}

void tenure__context_return(void *context, long result)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    machine->regs[0] = (uint64_t)result;
}

uint64_t tenure__registers_unwind(const tenure__registers *registers,
                                  uint64_t *value)
{
    for (uint32_t i = 0; i < 31; i++)
        value[i] = registers->regs[i];
    value[31] = registers->sp;
    value[32] = registers->pc;
    return (UINT64_C(1) << 33) - 1;
}
