/*
 * Registers and clones on x86_64.
 *
 * After a system call that a stop has interrupted, orig_rax holds its number
 * and rax an error that the kernel looks at when the thread goes on. For
 * -ERESTARTNOHAND it begins the call again unless a handler runs first, and
 * then it says EINTR: precisely what epoll_wait(2) and its like need, which
 * return a plain -EINTR instead. So a restart is that one value.
 */
#include "agent/stop_arch.h"

#include <asm/sigcontext.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>

#define KERNEL_SA_RESTORER 0x04000000ul
#define KERNEL_ERESTARTNOHAND 514

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

__asm__(".text\n"
        ".globl tenure__clone_on\n"
        ".hidden tenure__clone_on\n"
        ".type tenure__clone_on, @function\n"
        "tenure__clone_on:\n"
        ".cfi_startproc\n"
        "    and $-16, %rsi\n"
        "    sub $16, %rsi\n"
        "    mov %rdx, 0(%rsi)\n"
        "    mov %rcx, 8(%rsi)\n"
        "    mov %r8, %r10\n"
        "    xor %edx, %edx\n"
        "    xor %r8d, %r8d\n"
        "    mov $" TEXT_OF(SYS_clone) ", %eax\n"
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jz 1f\n"
        "    ret\n"
        "1:\n"
        "    .cfi_undefined rip\n"
        "    xor %ebp, %ebp\n"
        "    pop %rax\n"
        "    pop %rdi\n"
        "    call *%rax\n"
        "    mov %eax, %edi\n"
        "    mov $" TEXT_OF(SYS_exit) ", %eax\n"
        "    syscall\n"
        "    hlt\n"
        ".cfi_endproc\n"
        ".size tenure__clone_on, . - tenure__clone_on\n");

__asm__(".text\n"
        ".type return_from_handler, @function\n"
        "return_from_handler:\n"
        "    mov $" TEXT_OF(SYS_rt_sigreturn) ", %eax\n"
        "    syscall\n"
        ".size return_from_handler, . - return_from_handler\n");
extern char return_from_handler[];

void tenure__sigaction_finish(struct tenure__sigaction *action)
{
    action->flags |= KERNEL_SA_RESTORER;
    action->restorer = return_from_handler;
}

/* The vector state is as large as the frame says, if it says so. */
uint32_t tenure__context_words(const void *context, uint64_t *word,
                               uint64_t *stack_pointer)
{
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
    uint32_t count = sizeof machine->gregs / 8;
    memcpy(word, machine->gregs, sizeof machine->gregs);
    *stack_pointer = (uint64_t)machine->gregs[REG_RSP] - 128;
    const struct _fpstate_64 *vector = (const void *)machine->fpregs;
    if (vector == NULL)
        return count;
    size_t bytes = sizeof *vector;
    if (vector->sw_reserved.magic1 == FP_XSTATE_MAGIC1)
        bytes = vector->sw_reserved.extended_size;
    if (bytes > TENURE_VECTOR_WORDS * 8)
        bytes = TENURE_VECTOR_WORDS * 8;
    memcpy(word + count, vector, bytes);
    return count + (uint32_t)(bytes / 8);
}

uint64_t tenure__registers_stack(const tenure__registers *registers)
{
    return registers->rsp - 128;
}

uint64_t tenure__registers_pc(const tenure__registers *registers)
{
    return registers->rip;
}

uint64_t tenure__registers_thread(const tenure__registers *registers)
{
    return registers->fs_base;
}

bool tenure__registers_interrupted(const tenure__registers *registers,
                                   struct tenure__call *call)
{
    long result = (long)registers->rax;
    if ((long)registers->orig_rax < 0 ||
        (result != -EINTR && result != -KERNEL_ERESTARTNOHAND))
        return false;
    *call = (struct tenure__call){
        .number = (long)registers->orig_rax,
        .result = result,
        .argument = {registers->rdi, registers->rsi, registers->rdx,
                     registers->r10, registers->r8, registers->r9},
        .stack_pointer = registers->rsp,
        .pc = registers->rip,
    };
    return true;
}

static void set_arguments(tenure__registers *registers, const uint64_t *value)
{
    registers->rdi = value[0];
    registers->rsi = value[1];
    registers->rdx = value[2];
    registers->r10 = value[3];
    registers->r8 = value[4];
    registers->r9 = value[5];
}

bool tenure__registers_find_argument(int pid, int tid,
                                     const tenure__registers *registers,
                                     struct tenure__call *call)
{
    (void)pid;
    (void)tid;
    (void)registers;
    (void)call;
    return true;
}

void tenure__registers_restart(tenure__registers *registers,
                               const struct tenure__call *call)
{
    set_arguments(registers, call->argument);
    registers->orig_rax = (unsigned long long)call->number;
    registers->rax = (unsigned long long)-KERNEL_ERESTARTNOHAND;
    registers->rip = call->pc;
}

void tenure__registers_show(tenure__registers *registers,
                            const struct tenure__call *call)
{
    set_arguments(registers, call->argument);
    registers->rip = call->pc;
}

void tenure__registers_return(tenure__registers *registers, long result)
{
    registers->rax = (unsigned long long)result;
}

/* A context has lost the number of the call: libc loads it into eax right
 * before, or with one more load from the stack (of the first argument, after
 * it has allowed cancellation) in between. */
static long number_before(const uint8_t *call)
{
    int32_t number;
    if ((call[-3] & 0xc7) == 0x44 && call[-2] == 0x24 && call[-4] == 0x8b)
        /* mov disp8(%rsp),%reg; 64 bits of it have a prefix */
        call -= (call[-5] & 0xf0) == 0x40 ? 5 : 4;
    if (call[-2] == 0x31 && call[-1] == 0xc0) /* xor %eax,%eax */
        return 0;
    if (call[-5] != 0xb8) /* mov $number,%eax */
        return -1;
    memcpy(&number, call - 4, sizeof number);
    return number;
}

bool tenure__context_interrupted(const void *context, struct tenure__call *call)
{
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
    const greg_t *value = machine->gregs;
    const uint8_t *instruction =
        (const uint8_t *)value[REG_RIP] - TENURE_CALL_BYTES;
    if (value[REG_RAX] != -EINTR || instruction[0] != 0x0f ||
        instruction[1] != 0x05)
        return false;
    *call = (struct tenure__call){
        .number = number_before(instruction),
        .result = -EINTR,
        .argument = {(uint64_t)value[REG_RDI], (uint64_t)value[REG_RSI],
                     (uint64_t)value[REG_RDX], (uint64_t)value[REG_R10],
                     (uint64_t)value[REG_R8], (uint64_t)value[REG_R9]},
        .stack_pointer = (uint64_t)value[REG_RSP],
        .pc = (uint64_t)value[REG_RIP],
    };
    return true;
}

void tenure__context_restart(void *context, const struct tenure__call *call)
{
    greg_t *value = ((ucontext_t *)context)->uc_mcontext.gregs;
    static const int order[] = {REG_RDI, REG_RSI, REG_RDX,
                                REG_R10, REG_R8,  REG_R9};
    for (int i = 0; i < 6; i++)
        value[order[i]] = (greg_t)call->argument[i];
    value[REG_RAX] = call->number;
    value[REG_RIP] = (greg_t)(call->pc - TENURE_CALL_BYTES);
}

void tenure__context_return(void *context, long result)
{
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = result;
}

uint64_t tenure__registers_unwind(const tenure__registers *registers,
                                  uint64_t *value)
{
    const uint64_t order[] = {
        registers->rax, registers->rdx, registers->rcx, registers->rbx,
        registers->rsi, registers->rdi, registers->rbp, registers->rsp,
        registers->r8,  registers->r9,  registers->r10, registers->r11,
        registers->r12, registers->r13, registers->r14, registers->r15,
        registers->rip,
    };
    memcpy(value, order, sizeof order);
    return (UINT64_C(1) << 17) - 1;
}
