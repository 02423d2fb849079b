/*
 * _exit in the middle of work: no handlers, no flush, but a last snapshot.
 *
 * expect: exit 42
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

int main(void)
{
    static void *kept[10];
    atexit(never);
    printf("never flushed");
    pause_ms(150);
    for (int i = 0; i < 10; i++)
        kept[i] = kept_to_the_end();
    _exit(kept[0] ? 42 : 1);
}
