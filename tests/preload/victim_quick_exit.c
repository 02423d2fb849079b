/*
 * quick_exit with handlers that allocate; atexit handlers stay silent.
 *
 * expect: exit 43
 * expect: live kept_to_the_end 10 1000
 */
#include "victim.h"

static NOINLINE void *kept_to_the_end(void)
{
    return used(malloc(100));
}

static void never(void)
{
    say("not reached\n");
}

static void quickly(void)
{
    free(used(malloc(10000)));
    say("quickly\n");
}

int main(void)
{
    static void *kept[10];
    atexit(never);
    at_quick_exit(quickly);
    for (int i = 0; i < 10; i++)
        kept[i] = kept_to_the_end();
    pause_ms(150);
    quick_exit(kept[0] ? 43 : 1);
}
