/*
 * The helper thread on x86_64: its thread pointer and its birth.
 *
 * TLS variant II: the thread pointer is the address of struct pthread, whose
 * first word points to itself, as does the third; the stack guard stands at
 * +0x28 and the pointer guard at +0x30 (glibc, sysdeps/x86_64/nptl/tls.h).
 * The modules' blocks lie below it.
 */
#ifndef TENURE_AGENT_HELPER_ARCH_H
#define TENURE_AGENT_HELPER_ARCH_H

#include <stdint.h>

#define TENURE_TLS_BELOW 1 /* blocks are below the thread pointer */

static inline uint64_t tenure__thread_pointer(void)
{
    uint64_t tp;
    __asm__("mov %%fs:0, %0" : "=r"(tp));
    return tp;
}

static inline void tenure__thread_pointer_fill(uint64_t tp, uint64_t from)
{
    uint64_t *word = (uint64_t *)tp;
    const uint64_t *model = (const uint64_t *)from;
    word[0] = tp;
    word[2] = tp;
    word[5] = model[5];
    word[6] = model[6];
}

/* clone() with a stack of its own; the child runs run(with) and never
 * returns. Returns the tid or a negative errno to the parent. */
static inline long tenure__clone(uint64_t flags, void *stack_top,
                                 int32_t *parent_tid, int32_t *child_tid,
                                 uint64_t tp, void (*run)(void *), void *with)
{
    long result;
    uint64_t *top = (uint64_t *)stack_top;
    *--top = (uint64_t)with;
    *--top = (uint64_t)run;
    register int32_t *r10 __asm__("r10") = child_tid;
    register uint64_t r8 __asm__("r8") = tp;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "pop %%rax\n\t"
        "pop %%rdi\n\t"
        "call *%%rax\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "a"(56L), "D"(flags), "S"(top), "d"(parent_tid), "r"(r10), "r"(r8)
        : "rcx", "r11", "memory");
    return result;
}

#endif
