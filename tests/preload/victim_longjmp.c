/*
 * longjmp out of deep calls, out of a signal handler, out of a qsort
 * comparison inside libc, back and forth, allocating at each end.
 *
 * expect: verify
 * expect: live keep_below 500 20000
 * expect: live keep_above 500 10000
 */
#include "victim.h"

#include <setjmp.h>
#include <signal.h>

static jmp_buf out;
static sigjmp_buf out_of_handler;
static void *below[500], *above[500];

static NOINLINE void *keep_below(void)
{
    return used(malloc(40));
}

static NOINLINE void *keep_above(void)
{
    return used(malloc(20));
}

static NOINLINE int descend(int depth, int number)
{
    char local[64];
    memset(local, depth, sizeof local);
    if (depth == 0) {
        below[number] = keep_below();
        longjmp(out, number + 1);
    }
    return depth > 0 ? descend(depth - 1, number) + local[7] : local[7];
}

static void on_signal(int number)
{
    free(used(malloc(80)));
    siglongjmp(out_of_handler, number);
}

static int compare(const void *left, const void *right)
{
    free(used(malloc(30)));
    if (*(const int *)left == 13)
        longjmp(out, 77);
    return *(const int *)left - *(const int *)right;
}

static int jump_out_of_qsort(void)
{
    int numbers[64];
    for (int i = 0; i < 64; i++)
        numbers[i] = (i * 37) % 64;
    int result = setjmp(out);
    if (result == 0)
        qsort(numbers, 64, sizeof numbers[0], compare);
    return result;
}

int main(void)
{
    volatile int number = 0;
    if (setjmp(out) == 0 || number < 499) {
        if (below[number]) {
            above[number] = keep_above();
            number = number + 1;
        }
        descend(5 + number % 60, number);
    }
    above[499] = keep_above();
    say("out of qsort: %d\n", jump_out_of_qsort());
    signal(SIGUSR1, on_signal);
    volatile int caught = 0;
    for (volatile int i = 0; i < 100; i++) {
        if (sigsetjmp(out_of_handler, 1) == 0)
            raise(SIGUSR1);
        else
            caught = caught + 1;
        free(used(malloc(10)));
    }
    say("%d %d\n", number, caught);
    pause_ms(150);
    return above[0] == NULL;
}
