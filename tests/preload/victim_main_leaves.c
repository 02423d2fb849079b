/*
 * The main thread leaves by pthread_exit; others go on, fork and end the
 * process when the last of them returns.
 *
 * expect: major
 * expect: live kept_by_the_last 10 1000
 * expect: processes 2
 */
#include "victim.h"

#include <pthread.h>
#include <sys/wait.h>

static NOINLINE void *kept_by_the_last(void)
{
    return used(malloc(100));
}

static void *go_on(void *unused)
{
    static void *kept[10];
    pause_ms(150);
    for (int i = 0; i < 10; i++)
        kept[i] = kept_by_the_last();
    for (int i = 0; i < 5000; i++)
        free(used(malloc(300)));
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        free(kept[0]);
        exit(6);
    }
    CHECK(waitpid(child, &status, 0) == child);
    say("child: %d\n", WEXITSTATUS(status));
    pause_ms(150);
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, go_on, NULL) == 0);
    pthread_exit(NULL);
}
