/*
 * The helper thread on aarch64: its thread pointer and its birth.
 *
 * TLS variant I: the thread pointer is the address of a 16-byte control
 * block; the modules' blocks lie above it, struct pthread ends below it.
 */
#ifndef TENURE_AGENT_HELPER_ARCH_H
#define TENURE_AGENT_HELPER_ARCH_H

#include <stdint.h>

#define TENURE_TLS_BELOW 0

static inline uint64_t tenure__thread_pointer(void)
{
    uint64_t tp;
    __asm__("mrs %0, tpidr_el0" : "=r"(tp));
    return tp;
}

static inline void tenure__thread_pointer_fill(uint64_t tp, uint64_t from)
{
    (void)tp;
    (void)from;
}

/* clone() with a stack of its own; the child runs run(with) and never
 * returns. Returns the tid or a negative errno to the parent. */
static inline long tenure__clone(uint64_t flags, void *stack_top,
                                 int32_t *parent_tid, int32_t *child_tid,
                                 uint64_t tp, void (*run)(void *), void *with)
{
    register long x8 __asm__("x8") = 220;
    register uint64_t x0 __asm__("x0") = flags;
    register void *x1 __asm__("x1") = stack_top;
    register int32_t *x2 __asm__("x2") = parent_tid;
    register uint64_t x3 __asm__("x3") = tp;
    register int32_t *x4 __asm__("x4") = child_tid;
    register void (*x9)(void *) __asm__("x9") = run;
    register void *x10 __asm__("x10") = with;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, #0\n\t"
        "mov x30, #0\n\t"
        "mov x0, x10\n\t"
        "blr x9\n\t"
        "brk #0\n"
        "1:"
        : "+r"(x0)
        : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8), "r"(x9), "r"(x10)
        : "memory");
    return (long)x0;
}

#endif
