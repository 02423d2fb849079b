/*
 * ucontext fibers on stacks of 16 KiB, switched within a thread and moved
 * between threads while they are suspended in the middle of their calls.
 *
 * expect: major
 * expect: verify
 * expect: live in_a_fiber 4000 192000
 * expect: live freed_in_a_fiber 0 0
 */
#include "victim.h"

#include <pthread.h>
#include <ucontext.h>

enum { FIBERS = 100, STEPS = 40, STACK_BYTES = 16384, THREADS = 4 };

struct fiber {
    ucontext_t here, resumer;
    char *stack;
    int step;
};

static struct fiber fibers[FIBERS];
static pthread_barrier_t barrier;

static NOINLINE void *in_a_fiber(void)
{
    return used(malloc(48));
}

static NOINLINE void *freed_in_a_fiber(size_t bytes)
{
    return used(malloc(bytes));
}

static NOINLINE void work(struct fiber *fiber, int depth)
{
    volatile char local[32];
    local[0] = (char)depth;
    if (depth > 0) {
        work(fiber, depth - 1);
    } else {
        void *block = freed_in_a_fiber(100);
        (void)in_a_fiber();
        swapcontext(&fiber->here, &fiber->resumer);
        free(used(realloc(block, 5000)));
    }
    local[1] = local[0];
}

static void fiber_main(int number)
{
    struct fiber *fiber = &fibers[number];
    for (fiber->step = 0; fiber->step < STEPS; fiber->step++)
        work(fiber, fiber->step % 12);
}

/* Each round a fiber goes on in the next thread. */
static void *resume(void *argument)
{
    int self = *(int *)argument;
    for (int round = 0; round <= STEPS; round++) {
        for (int i = 0; i < FIBERS; i++)
            if ((i + round) % THREADS == self)
                swapcontext(&fibers[i].resumer, &fibers[i].here);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    volatile int steps = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < FIBERS; i++) {
        getcontext(&fibers[i].here);
        fibers[i].stack = malloc(STACK_BYTES);
        fibers[i].here.uc_stack.ss_sp = fibers[i].stack;
        fibers[i].here.uc_stack.ss_size = STACK_BYTES;
        fibers[i].here.uc_link = &fibers[i].resumer;
        makecontext(&fibers[i].here, (void (*)(void))fiber_main, 1, i);
    }
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, resume, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < FIBERS; i++) {
        steps = steps + fibers[i].step;
        free(fibers[i].stack);
    }
    say("%d steps\n", steps);
    pause_ms(150);
    return 0;
}
