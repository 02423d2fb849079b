/* Registers of a stopped thread on aarch64. */
#ifndef TENURE_AGENT_STOP_ARCH_AARCH64_H
#define TENURE_AGENT_STOP_ARCH_AARCH64_H

#include <asm/ptrace.h>
#include <linux/elf.h>
#include <stdint.h>

typedef struct user_pt_regs tenure__registers;

/* Of the instruction that makes a system call. */
#define TENURE_CALL_BYTES 4

/* A stop does not show the first argument of the call; see the .c file. */
#define TENURE_CALLS_LOSE_AN_ARGUMENT

#define TENURE_THREAD_REGSET NT_ARM_TLS
#define TENURE_VECTOR_REGSET NT_PRFPREG
#define TENURE_VECTOR_WORDS 66
#define TENURE_REGISTER_WORDS                                                  \
    (sizeof(tenure__registers) / 8 + TENURE_VECTOR_WORDS)

/* struct sigaction of the kernel. */
struct tenure__sigaction {
    void *handler;
    unsigned long flags;
    uint64_t mask;
};

#endif
