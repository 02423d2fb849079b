/*
 * Stacks of every kind a service may have, for the stress of the unwinder.
 */
#include "stacks.h"

#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline, noclone))
#define SHAPES 7
#define FIBER_BYTES 32768u
#define ALTERNATE_BYTES 32768u

/* Keeps a call from becoming a jump. */
#define KEEP(result) __asm__ volatile("" : "+r"(result)::"memory")

static _Thread_local stack_leaf *current_leaf;
static _Thread_local uint64_t *current_random;
static _Thread_local sigjmp_buf landing;
static _Thread_local volatile sig_atomic_t jump_out;
static _Thread_local volatile int handled;

uint32_t stack_random(uint64_t *random, uint32_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*random >> 33) % below;
}

NOINLINE static int plain(uint64_t *random, uint32_t levels, stack_leaf *leaf)
{
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result;
}

NOINLINE static int variable(uint64_t *random, uint32_t levels,
                             stack_leaf *leaf)
{
    size_t bytes = 16 + stack_random(random, 600);
    volatile char *space = alloca(bytes);
    space[0] = 1;
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result + space[0] - 1;
}

/* gcc realigns such a frame and keeps the CFA in a slot of it. */
NOINLINE static int aligned(uint64_t *random, uint32_t levels, stack_leaf *leaf)
{
    volatile char space[64] __attribute__((aligned(64)));
    space[0] = 1;
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result + space[0] - 1;
}

NOINLINE static int large(uint64_t *random, uint32_t levels, stack_leaf *leaf)
{
    volatile char space[5000];
    space[0] = 1;
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result + space[0] - 1;
}

__attribute__((optimize("no-omit-frame-pointer"))) NOINLINE static int
framed(uint64_t *random, uint32_t levels, stack_leaf *leaf)
{
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result;
}

static _Thread_local stack_leaf *sort_leaf;
static _Thread_local uint64_t *sort_random;
static _Thread_local uint32_t sort_levels;

static int compare(const void *a, const void *b)
{
    uint32_t levels = sort_levels;
    sort_levels = 0; /* only the first comparison goes on */
    if (levels)
        stack_shapes(sort_random, levels - 1, sort_leaf);
    return *(const int *)a - *(const int *)b;
}

NOINLINE static int through_libc(uint64_t *random, uint32_t levels,
                                 stack_leaf *leaf)
{
    int numbers[3] = {3, 1, 2};
    sort_leaf = leaf;
    sort_random = random;
    sort_levels = levels + 1;
    qsort(numbers, 3, sizeof *numbers, compare);
    return numbers[0] - 1;
}

NOINLINE static int many_registers(uint64_t *random, uint32_t levels,
                                   stack_leaf *leaf)
{
    uint64_t a = *random, b = a ^ levels, c = a * b, d = b + 7, e = c ^ d;
    KEEP(a);
    KEEP(b);
    KEEP(c);
    KEEP(d);
    KEEP(e);
    int result = stack_shapes(random, levels, leaf);
    KEEP(result);
    return result + (int)((a ^ b ^ c ^ d ^ e) & 0);
}

int stack_shapes(uint64_t *random, uint32_t levels, stack_leaf *leaf)
{
    static int (*const shape[SHAPES])(uint64_t *, uint32_t, stack_leaf *) = {
        plain, variable, aligned, large, framed, through_libc, many_registers};
    int result =
        levels ? shape[stack_random(random, SHAPES)](random, levels - 1, leaf)
               : leaf();
    KEEP(result);
    return result;
}

static void on_signal(int number)
{
    (void)number;
    handled = stack_shapes(current_random, stack_random(current_random, 6),
                           current_leaf);
    if (jump_out)
        siglongjmp(landing, 1);
}

NOINLINE static int interrupted(uint64_t *random, int alternate)
{
    stack_t stack = {.ss_size = ALTERNATE_BYTES};
    stack_t off = {.ss_flags = SS_DISABLE};
    struct sigaction action = {.sa_handler = on_signal}, old;
    if (alternate) {
        stack.ss_sp = malloc(ALTERNATE_BYTES);
        sigaltstack(&stack, NULL);
        action.sa_flags = SA_ONSTACK;
    }
    sigaction(SIGUSR2, &action, &old);
    jump_out = (sig_atomic_t)stack_random(random, 2);
    if (sigsetjmp(landing, 1) == 0)
        pthread_kill(pthread_self(), SIGUSR2);
    if (alternate) {
        sigaltstack(&off, NULL);
        free(stack.ss_sp);
    }
    return handled;
}

int stack_signal(uint64_t *random, stack_leaf *leaf)
{
    current_leaf = leaf;
    current_random = random;
    return interrupted(random, (int)stack_random(random, 2));
}

static int jump_leaf(void)
{
    current_leaf();
    siglongjmp(landing, 1);
}

int stack_jump(uint64_t *random, stack_leaf *leaf)
{
    current_leaf = leaf;
    if (sigsetjmp(landing, 0) == 0)
        stack_shapes(random, stack_random(random, 30), jump_leaf);
    current_leaf = leaf;
    return stack_shapes(random, stack_random(random, 4), leaf);
}

static _Thread_local ucontext_t outside;
static _Thread_local int fiber_result;

static void fiber(void)
{
    fiber_result = stack_shapes(current_random, stack_random(current_random, 4),
                                current_leaf);
}

static int run_fiber(void *stack, size_t bytes)
{
    ucontext_t inside;
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = bytes;
    inside.uc_link = &outside;
    makecontext(&inside, fiber, 0);
    return swapcontext(&outside, &inside) ? -1 : fiber_result;
}

int stack_fibers(uint64_t *random, stack_leaf *leaf)
{
    current_leaf = leaf;
    current_random = random;
    char *memory = mmap(NULL, 2 * FIBER_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    int result = run_fiber(memory, 2 * FIBER_BYTES);
    /* What was above the second stack is gone: reading it is a fault. */
    munmap(memory + FIBER_BYTES, FIBER_BYTES);
    current_leaf = leaf;
    result |= run_fiber(memory, FIBER_BYTES);
    munmap(memory, FIBER_BYTES);
    return result;
}

struct job {
    stack_leaf *leaf;
    uint64_t random;
};

static void clean_up(void *leaf)
{
    ((stack_leaf *)leaf)();
}

static int exit_leaf(void)
{
    pthread_cleanup_push(clean_up, (void *)current_leaf);
    current_leaf();
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
    return 0;
}

static void *short_thread(void *context)
{
    struct job job = *(struct job *)context;
    stack_leaf *end = stack_random(&job.random, 2) ? exit_leaf : job.leaf;
    current_leaf = job.leaf;
    return (void *)(intptr_t)plain(&job.random, stack_random(&job.random, 3),
                                   end);
}

int stack_thread(uint64_t *random, stack_leaf *leaf)
{
    struct job job = {leaf, *random};
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    stack_random(random, 2);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 2 * FIBER_BYTES);
    if (pthread_create(&thread, &attributes, short_thread, &job) != 0)
        return -1;
    pthread_join(thread, &result);
    pthread_attr_destroy(&attributes);
    return (int)(intptr_t)result;
}
