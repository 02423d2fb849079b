/*
 * Handlers that allocate, raised at moments when the allocator is at rest:
 * nested, with SA_NODEFER, by raise and by a timer during computation.
 *
 * expect: major
 * expect: verify
 * expect: live kept_by_handler 64 6400
 */
#include "victim.h"

#include <signal.h>
#include <sys/time.h>

static void *kept[64];
static volatile int depth, timed;

static NOINLINE void *kept_by_handler(void)
{
    return used(malloc(100));
}

static void nested(int number)
{
    int level = depth++;
    kept[level] = kept_by_handler();
    free(used(malloc(40)));
    if (level < 63)
        raise(number);
}

static void on_timer(int number)
{
    (void)number;
    free(used(realloc(used(malloc(100)), 10000)));
    timed = timed + 1;
}

int main(void)
{
    struct sigaction action = {.sa_handler = nested, .sa_flags = SA_NODEFER};
    struct itimerval timer = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    action.sa_handler = on_timer;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    while (timed < 200)
        continue;
    setitimer(ITIMER_REAL, &off, NULL);
    say("depth %d\n", depth);
    return kept[63] == NULL;
}
