/*
 * exit() called by a thread while the main thread and others allocate.
 *
 * expect: major
 * expect: exit 44
 * expect: live kept_to_the_end 10 1000
 */
#include "victim.h"

#include <pthread.h>

static NOINLINE void *kept_to_the_end(void)
{
    return used(malloc(100));
}

static void at_exit(void)
{
    free(used(malloc(5000)));
    say("atexit\n");
}

static void *churn(void *unused)
{
    for (unsigned i = 0;; i++) {
        free(used(malloc(100)));
        if (i % 1000 == 0)
            pause_ms(1);
    }
    return unused;
}

static void *leave(void *unused)
{
    static void *kept[10];
    for (int i = 0; i < 10; i++)
        kept[i] = kept_to_the_end();
    pause_ms(200);
    exit(kept[0] ? 44 : 1);
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    atexit(at_exit);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
    CHECK(pthread_create(&threads[2], NULL, leave, NULL) == 0);
    churn(NULL);
    return 0;
}
