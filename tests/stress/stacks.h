/*
 * Ways to get to a call: each runs `leaf` at the end of a stack of a certain
 * kind, deterministic for the value of *random.
 */
#ifndef STRESS_STACKS_H
#define STRESS_STACKS_H

#include <stdint.h>

typedef int stack_leaf(void);

uint32_t stack_random(uint64_t *random, uint32_t below);

/* Frames of many shapes, up to `levels` of them. */
int stack_shapes(uint64_t *random, uint32_t levels, stack_leaf *leaf);

/* A handler on the normal or an alternate stack; half of the time it jumps
 * out of it. */
int stack_signal(uint64_t *random, stack_leaf *leaf);

/* longjmp() out of many frames, then a call from where it lands. */
int stack_jump(uint64_t *random, stack_leaf *leaf);

/* Two fibers on stacks of their own that are unmapped afterwards; the second
 * is smaller and begins where the first did. */
int stack_fibers(uint64_t *random, stack_leaf *leaf);

/* A thread with the smallest stack, left by pthread_exit() from within
 * frames that clean up, or by returning. */
int stack_thread(uint64_t *random, stack_leaf *leaf);

#endif
