/*
 * Registers and clones: what differs between machines when threads are
 * stopped. One file each implements it.
 */
#ifndef TENURE_AGENT_STOP_ARCH_H
#define TENURE_AGENT_STOP_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "agent/stop_arch_x86_64.h"
#elif defined(__aarch64__)
#include "agent/stop_arch_aarch64.h"
#endif

/* clone(2) onto a stack of its own: the child runs fn(with) and exits with
 * its result. The kernel clears *child_tid and wakes its futex when the
 * child is gone, if flags ask for it. Returns the pid or a negative error. */
long tenure__clone_on(unsigned long flags, void *stack_top,
                      int (*fn)(void *with), void *with, int *child_tid);

/* A system call that a stopped thread was waiting in. */
struct tenure__call {
    long number;
    long result; /* -EINTR, or another if the kernel begins it again */
    uint64_t argument[6];
    uint64_t stack_pointer, pc; /* as /proc/PID/task/TID/syscall has them */
};

/* Where live stack begins: the stack pointer less the red zone. */
uint64_t tenure__registers_stack(const tenure__registers *registers);

uint64_t tenure__registers_pc(const tenure__registers *registers);

/* Into DWARF's order, as the unwinder wants them; a bit for each of them. */
uint64_t tenure__registers_unwind(const tenure__registers *registers,
                                  uint64_t *value);

/* 0 where the general registers do not hold it. */
uint64_t tenure__registers_thread(const tenure__registers *registers);

/* Did the stop interrupt a call? *call is filled: by those that would say
 * EINTR, and by those that the kernel begins again with their arguments as
 * they are in memory, and leaves to us to change. */
bool tenure__registers_interrupted(const tenure__registers *registers,
                                   struct tenure__call *call);

/* The first argument of such a call, where the registers do not have it any
 * longer: asks the kernel, reads the code. False: unknown. In the tracer. */
bool tenure__registers_find_argument(int pid, int tid,
                                     const tenure__registers *registers,
                                     struct tenure__call *call);

/* Has the call begun at release, with these arguments, by the instruction in
 * front of call->pc. Its result is EINTR if a signal is delivered first, as
 * it would have been without us. */
void tenure__registers_restart(tenure__registers *registers,
                               const struct tenure__call *call);

/* As if the thread had been stopped in the call. */
void tenure__registers_show(tenure__registers *registers,
                            const struct tenure__call *call);

/* Ends an interrupted call with a result. */
void tenure__registers_return(tenure__registers *registers, long result);

/* The same from the context of a signal handler (a ucontext_t), in the
 * thread itself: the words read, at most TENURE_REGISTER_WORDS. */
uint32_t tenure__context_words(const void *context, uint64_t *word,
                               uint64_t *stack_pointer);

/* As tenure__registers_interrupted(), _restart() and _return(), of a context:
 * only calls that say EINTR. call->number is negative if it cannot be told
 * (x86_64), the first argument is unknown on aarch64. */
bool tenure__context_interrupted(const void *context,
                                 struct tenure__call *call);
void tenure__context_restart(void *context, const struct tenure__call *call);
void tenure__context_return(void *context, long result);

/* Makes it return from the handler as the kernel of this machine wants. */
void tenure__sigaction_finish(struct tenure__sigaction *action);

#endif
