/*
 * Recursion ten thousand calls deep, with a block from every level: stacks
 * longer than anybody keeps.
 *
 * expect: live at_each_level 10000 240000
 */
#include "victim.h"

static void *kept[10000];

static NOINLINE void *at_each_level(void)
{
    return used(malloc(24));
}

static NOINLINE int recurse(int depth)
{
    volatile int here = depth;
    kept[depth] = at_each_level();
    free(used(malloc(100)));
    return depth == 0 ? 0 : recurse(depth - 1) + (here & 1);
}

int main(void)
{
    say("%d\n", recurse(9999));
    pause_ms(150);
    return 0;
}
