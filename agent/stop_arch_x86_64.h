/* Registers of a stopped thread on x86_64. */
#ifndef TENURE_AGENT_STOP_ARCH_X86_64_H
#define TENURE_AGENT_STOP_ARCH_X86_64_H

#include <linux/elf.h>
#include <stdint.h>
#include <sys/user.h>

typedef struct user_regs_struct tenure__registers;

/* Of the instruction that makes a system call. */
#define TENURE_CALL_BYTES 2

/* XSAVE with AVX-512 and keys is 2696 bytes; what lies beyond (AMX tiles)
 * holds no pointers. */
#define TENURE_VECTOR_REGSET NT_X86_XSTATE
#define TENURE_VECTOR_WORDS 344
#define TENURE_REGISTER_WORDS                                                  \
    (sizeof(tenure__registers) / 8 + TENURE_VECTOR_WORDS)

/* struct sigaction of the kernel. */
struct tenure__sigaction {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

#endif
