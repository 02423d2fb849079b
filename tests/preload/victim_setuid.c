/*
 * Drops its privileges as services do, setgroups, setresgid, setresuid, with
 * threads running, and goes on: every thread of the process has given them
 * up, the agent's as well.
 *
 * expect: major
 * expect: root
 */
#include "victim.h"

#include <grp.h>
#include <pthread.h>

#include "tasks.h"

static int stop;

static void *churn(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (int i = 0; i < 500; i++)
            free(used(malloc(100)));
        pause_ms(2);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
    pause_ms(150);
    CHECK(setgroups(0, NULL) == 0);
    CHECK(setresgid(65534, 65534, 65534) == 0);
    CHECK(setresuid(65534, 65534, 65534) == 0);
    for (int i = 0; i < 5000; i++)
        free(used(malloc(100)));
    pause_ms(400);
    CHECK(seteuid(0) < 0 && errno == EPERM);
    say("threads with privileges: %d\n", tasks_with(is_root));
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
