/*
 * Dies of SIGSEGV on a thread.
 *
 * expect: signal 11
 */
#include "victim.h"

#include <pthread.h>

static void *fall(void *nowhere)
{
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    *(volatile int *)nowhere = 1;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fall, (void *)hidden(8)) == 0);
    pthread_join(thread, NULL);
    return 0;
}
