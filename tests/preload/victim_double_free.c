/*
 * Frees a block twice: the allocator's own message and SIGABRT, as ever.
 *
 * expect: signal 6
 */
#include "victim.h"

int main(void)
{
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    void *block = used(malloc(40));
    free(block);
    free(used(block));
    say("not reached\n");
    return 0;
}
