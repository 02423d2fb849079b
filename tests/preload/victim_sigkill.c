/*
 * Dies of SIGKILL, which nobody can take: what was written before is whole.
 *
 * expect: signal 9
 */
#include "victim.h"

#include <signal.h>

int main(void)
{
    for (int i = 0; i < 20000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    for (int i = 0; i < 3000; i++)
        used(malloc(100));
    kill(getpid(), SIGKILL);
    return 0;
}
