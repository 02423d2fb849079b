/*
 * Frames on aarch64: a call leaves the return address in x30, which every
 * function that calls saves somewhere below its CFA, with x29 (if it is
 * saved) in the word before it: stp x29, x30. [x29] = caller's x29,
 * [x29 + 8] = return address holds for code without call frame information.
 * Return addresses may be signed (PAC). Register numbers are DWARF's.
 */
#ifndef TENURE_AGENT_UNWIND_ARCH_H
#define TENURE_AGENT_UNWIND_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define TENURE_ARCH_REGISTERS 33
#define TENURE_ARCH_FP 29
#define TENURE_ARCH_LR 30
#define TENURE_ARCH_SP 31
#define TENURE_ARCH_PC 32

/* What libunwind calls things here. */
#define TENURE_ARCH_LIBUNWIND "_ULaarch64_"
#define TENURE_ARCH_LIBUNWIND_PC TENURE_ARCH_LR

/* pcs are this many bits wide, and aligned to 1 << TENURE_ARCH_PC_SHIFT. */
#define TENURE_ARCH_PC_BITS 48
#define TENURE_ARCH_PC_SHIFT 2

/* A rule's `slot` is how many words below the CFA x30 is saved, its `flag`
 * says that x29 is saved one word further; see unwind_rules.h. */
static inline uint32_t tenure__arch_pc_words(uint32_t slot, bool flag)
{
    (void)flag;
    return slot;
}

static inline uint32_t tenure__arch_fp_words(uint32_t slot, bool flag)
{
    return flag ? slot + 1 : 0;
}

/* The inverse: false if these places do not fit into a rule. */
static inline bool tenure__arch_slot(int64_t pc_words, int64_t fp_words,
                                     uint32_t *slot, bool *flag)
{
    *slot = (uint32_t)pc_words;
    *flag = fp_words != 0;
    return pc_words > 0 && pc_words < 4096 &&
           (fp_words == 0 || fp_words == pc_words + 1);
}

/* xpaclri, a hint that machines without PAC take as nothing. */
static inline uint64_t tenure__arch_strip(uint64_t pc)
{
    register uint64_t x30 __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(x30));
    return x30;
}

/* The registers that calls preserve, as they are here, and the pc; the bits
 * of those in the result. Others are left alone. */
static inline __attribute__((always_inline)) uint64_t
tenure__arch_here(uint64_t value[TENURE_ARCH_REGISTERS])
{
    uint64_t pc;
    __asm__ volatile(
        "stp x19, x20, [%1, #152]\n\t"
        "stp x21, x22, [%1, #168]\n\t"
        "stp x23, x24, [%1, #184]\n\t"
        "stp x25, x26, [%1, #200]\n\t"
        "stp x27, x28, [%1, #216]\n\t"
        "stp x29, x30, [%1, #232]\n\t"
        "mov %0, sp\n\t"
        "str %0, [%1, #248]\n\t"
        "adr %0, ."
        : "=&r"(pc)
        : "r"(value)
        : "memory");
    value[TENURE_ARCH_PC] = pc;
    return UINT64_C(0x1fff80000);
}

/* The return from a signal: mov x8, #139; svc #0. */
#define TENURE_ARCH_SIGRETURN UINT64_C(0xd4000001d2801168)

/* Where the kernel saved register `reg`, from the stack pointer at that
 * trampoline: siginfo, then struct ucontext with regs, sp and pc in a row. */
static inline uint32_t tenure__arch_signal_offset(uint32_t reg)
{
    return 312 + 8 * reg;
}

#endif
