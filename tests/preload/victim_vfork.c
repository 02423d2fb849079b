/*
 * Children that share this memory until they exec or _exit: vfork, and
 * clone with CLONE_VM, while another thread allocates.
 *
 * expect: major
 * expect: verify
 * expect: live parent_keeps 200 4000
 */
#include "victim.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static int stop;

static NOINLINE void *parent_keeps(void)
{
    return used(malloc(20));
}

static void *churn(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (int i = 0; i < 1000; i++)
            free(used(malloc(100)));
        pause_ms(1);
    }
    return unused;
}

static int wait_for(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
}

static NOINLINE int vfork_and_exit(int status)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(status);
    return wait_for(child);
}

static NOINLINE int vfork_and_exec(const char *program)
{
    pid_t child = vfork();
    if (child == 0) {
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return wait_for(child);
}

static int share_memory(void *argument)
{
    free(used(malloc(300))); /* allowed: nobody else runs meanwhile */
    return *(int *)argument;
}

static NOINLINE int clone_and_share(int status)
{
    static _Alignas(16) char stack[65536];
    pid_t child = clone(share_memory, stack + sizeof stack,
                        CLONE_VM | CLONE_VFORK | SIGCHLD, &status);
    return wait_for(child);
}

int main(void)
{
    pthread_t thread;
    static void *kept[200];
    CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
    for (int i = 0; i < 200; i++) {
        kept[i] = parent_keeps();
        CHECK(vfork_and_exit(i % 100) == i % 100);
    }
    say("clone: %d\n", clone_and_share(5));
    say("true: %d\n", vfork_and_exec("/bin/true"));
    say("false: %d\n", vfork_and_exec("/bin/false"));
    say("missing: %d\n", vfork_and_exec("/nonexistent"));
    stop = 1;
    pthread_join(thread, NULL);
    pause_ms(150);
    return kept[0] == NULL;
}
