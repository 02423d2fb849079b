/*
 * Frames on x86_64: a call pushes the return address just below the CFA, rbp
 * may be saved anywhere below it, and code without call frame information
 * that keeps rbp as a frame pointer has [rbp] = caller's rbp,
 * [rbp + 8] = return address. Register numbers are DWARF's.
 */
#ifndef TENURE_AGENT_UNWIND_ARCH_H
#define TENURE_AGENT_UNWIND_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define TENURE_ARCH_REGISTERS 17
#define TENURE_ARCH_FP 6
#define TENURE_ARCH_SP 7
#define TENURE_ARCH_PC 16

/* What libunwind calls things here. */
#define TENURE_ARCH_LIBUNWIND "_ULx86_64_"
#define TENURE_ARCH_LIBUNWIND_PC TENURE_ARCH_PC

/* pcs are this many bits wide, and aligned to 1 << TENURE_ARCH_PC_SHIFT. */
#define TENURE_ARCH_PC_BITS 47
#define TENURE_ARCH_PC_SHIFT 0

/* A rule's `slot` is how many words below the CFA rbp is saved, 0 if it is
 * not; see unwind_rules.h. */
static inline uint32_t tenure__arch_pc_words(uint32_t slot, bool flag)
{
    (void)slot, (void)flag;
    return 1;
}

static inline uint32_t tenure__arch_fp_words(uint32_t slot, bool flag)
{
    (void)flag;
    return slot;
}

/* The inverse: false if these places do not fit into a rule. */
static inline bool tenure__arch_slot(int64_t pc_words, int64_t fp_words,
                                     uint32_t *slot, bool *flag)
{
    *slot = (uint32_t)fp_words;
    *flag = false;
    return pc_words == 1 && fp_words >= 0 && fp_words < 4096;
}

static inline uint64_t tenure__arch_strip(uint64_t pc)
{
    return pc;
}

/* The registers that calls preserve, as they are here, and the pc; the bits
 * of those in the result. Others are left alone. */
static inline __attribute__((always_inline)) uint64_t
tenure__arch_here(uint64_t value[TENURE_ARCH_REGISTERS])
{
    uint64_t pc;
    __asm__ volatile(
        "mov %%rbx, 24(%1)\n\t"
        "mov %%rbp, 48(%1)\n\t"
        "mov %%rsp, 56(%1)\n\t"
        "mov %%r12, 96(%1)\n\t"
        "mov %%r13, 104(%1)\n\t"
        "mov %%r14, 112(%1)\n\t"
        "mov %%r15, 120(%1)\n\t"
        "lea 0(%%rip), %0"
        : "=&r"(pc)
        : "r"(value)
        : "memory");
    value[TENURE_ARCH_PC] = pc;
    return UINT64_C(0x1f0c8);
}

/* The first 8 bytes of the return from a signal: mov $15, %rax; syscall. */
#define TENURE_ARCH_SIGRETURN UINT64_C(0x0f0000000fc0c748)

/* Where the kernel saved register `reg`, from the stack pointer at that
 * trampoline: struct ucontext, uc_mcontext.gregs. */
static inline uint32_t tenure__arch_signal_offset(uint32_t reg)
{
    static const uint8_t offset[TENURE_ARCH_REGISTERS] = {
        144, 136, 152, 128, 112, 104, 120, 160, 40,
        48,  56,  64,  72,  80,  88,  96,  168};
    return offset[reg];
}

#endif
