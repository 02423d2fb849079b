/*
 * Handlers on an alternate stack of 8 KiB that allocate: after raise, after a
 * jump to nowhere, after a write to nowhere and after a stack overflow; left
 * by siglongjmp, then by return.
 *
 * expect: major
 * expect: live on_the_other_stack 22 2200
 */
#include "victim.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;
static void *kept[64];
static int count;
static volatile int overflowing;

static NOINLINE void *on_the_other_stack(void)
{
    return used(malloc(100));
}

static void on_fault(int number)
{
    free(used(malloc(1000)));
    if (number != SIGSEGV || !overflowing)
        kept[count++] = on_the_other_stack();
    siglongjmp(back, number);
}

static void on_user_signal(int number)
{
    (void)number;
    kept[count++] = on_the_other_stack();
}

static NOINLINE int overflow(volatile char *above)
{
    volatile char page[4096];
    page[0] = above ? above[0] : 0;
    free(used(malloc(10)));
    return page[0] == 0 ? overflow(page) + page[0] : 0;
}

static void take(int number, void (*function)(int))
{
    struct sigaction action = {.sa_handler = function, .sa_flags = SA_ONSTACK};
    sigaction(number, &action, NULL);
}

int main(void)
{
    static char space[8192];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
    volatile int round = 0;
    void (*volatile nowhere)(void) = NULL;
    CHECK(sigaltstack(&stack, NULL) == 0);
    take(SIGSEGV, on_fault);
    take(SIGUSR1, on_user_signal);
    for (int i = 0; i < 20; i++)
        raise(SIGUSR1);
    int number = sigsetjmp(back, 1);
    if (number)
        say("round %d after signal %d\n", round, number);
    round = round + 1;
    if (round == 1)
        *(volatile int *)16 = 1;
    if (round == 2)
        nowhere();
    if (round == 3) {
        overflowing = 1; /* in a hook, perhaps: a block may go unseen */
        say("%d", overflow(NULL));
    }
    say("%d blocks\n", count);
    pause_ms(150);
    return kept[0] == NULL;
}
