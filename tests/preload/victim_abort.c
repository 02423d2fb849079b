/*
 * abort() in the middle of work, with threads running.
 *
 * expect: signal 6
 */
#include "victim.h"

#include <pthread.h>

static void *churn(void *unused)
{
    for (;;) {
        free(used(malloc(100)));
        pause_ms(1);
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    say_to(2, "giving up\n");
    abort();
}
