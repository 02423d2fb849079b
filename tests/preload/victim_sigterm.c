/*
 * Dies of SIGTERM, which it has not taken.
 *
 * expect: signal 15
 */
#include "victim.h"

#include <signal.h>

int main(void)
{
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    kill(getpid(), SIGTERM);
    pause_ms(5000);
    return 0;
}
