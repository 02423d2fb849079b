/*
 * Frees an address in the middle of a block.
 *
 * expect: signal 6
 */
#include "victim.h"

int main(void)
{
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    char *block = used(malloc(400));
    free(used(block + 40));
    say("not reached\n");
    return 0;
}
