/*
 * A service whose threads block every signal and take them with sigwaitinfo
 * or signalfd: signals sent to the process must reach it, never a thread of
 * the agent, and default actions still act.
 *
 * expect: major
 * expect: signal 15
 */
#include "victim.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

static void *idle(void *unused)
{
    for (int i = 0; i < 400; i++) {
        for (int j = 0; j < 200; j++)
            free(used(malloc(60)));
        pause_ms(1);
    }
    return unused;
}

static int take_by_wait(const sigset_t *set)
{
    int taken = 0;
    for (int i = 0; i < 200; i++) {
        struct timespec second = {5, 0};
        kill(getpid(), i % 2 ? SIGUSR1 : SIGTERM);
        taken += sigtimedwait(set, NULL, &second) > 0;
    }
    return taken;
}

static int take_by_descriptor(const sigset_t *set)
{
    int taken = 0, descriptor = signalfd(-1, set, 0);
    for (int i = 0; i < 200; i++) {
        struct signalfd_siginfo info;
        kill(getpid(), SIGINT);
        taken += read(descriptor, &info, sizeof info) == sizeof info;
    }
    close(descriptor);
    return taken;
}

int main(void)
{
    pthread_t thread;
    sigset_t all;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, idle, NULL) == 0);
    say("by sigtimedwait: %d\n", take_by_wait(&all));
    say("by signalfd: %d\n", take_by_descriptor(&all));
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    kill(getpid(), SIGTERM);
    return 0;
}
