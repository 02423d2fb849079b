/*
 * What a program can ask about itself is what it was: environment, signal
 * dispositions and masks, limits, identity, name, umask, scheduling, timers,
 * children. Asked at the start and after some snapshots.
 *
 * expect: major
 */
#include "victim.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

extern char **environ;

static int children_died;

static void on_child(int number)
{
    (void)number;
    children_died++;
}

static void tell_environment(void)
{
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) != 0 &&
            strncmp(*entry, "TENURE_OPTIONS=", 15) != 0)
            say("%s\n", *entry);
}

static void tell_signals(void)
{
    sigset_t blocked, pending;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    sigpending(&pending);
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) < 0)
            continue;
        if (action.sa_handler != SIG_DFL || sigismember(&blocked, number) ||
            sigismember(&pending, number))
            say("signal %d: handler %d flags %x blocked %d pending %d\n",
                number, action.sa_handler != SIG_DFL, (unsigned)action.sa_flags,
                sigismember(&blocked, number), sigismember(&pending, number));
    }
}

static void tell_limits(void)
{
    for (int which = 0; which < RLIMIT_NLIMITS; which++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)which, &limit) == 0)
            say("limit %d: %lu %lu\n", which, limit.rlim_cur, limit.rlim_max);
    }
}

static void tell_status(void)
{
    static const char *const names[] = {
        "Name:",   "Umask:",  "State:",  "TracerPid:",  "Uid:",    "Gid:",
        "FDSize:", "SigPnd:", "ShdPnd:", "SigBlk:",     "SigIgn:", "SigCgt:",
        "CapInh:", "CapPrm:", "CapEff:", "NoNewPrivs:", "Seccomp:"};
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0)
                say("%s", line);
    if (file)
        fclose(file);
}

static void tell_the_rest(void)
{
    char name[17] = "";
    struct itimerval timer;
    prctl(PR_GET_NAME, name);
    say("name %s dumpable %d keepcaps %d reaper %d\n", name,
        prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS),
        prctl(PR_GET_CHILD_SUBREAPER, &(int){0}));
    say("nice %d policy %d leader %d\n", getpriority(PRIO_PROCESS, 0),
        sched_getscheduler(0), getsid(0) == getpid());
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        if (getitimer((enum __itimer_which)which, &timer) == 0)
            say("timer %d: %ld\n", which, (long)timer.it_value.tv_sec);
    errno = 0;
    int result = waitpid(-1, NULL, WNOHANG | __WALL);
    say("children %d errno %d died %d\n", result, errno, children_died);
    say("environ %s\n", getenv("HOME"));
}

static void tell(const char *when)
{
    say("%s\n", when);
    tell_environment();
    tell_signals();
    tell_limits();
    tell_status();
    tell_the_rest();
}

int main(void)
{
    tell("at the start");
    signal(SIGCHLD, on_child);
    for (int i = 0; i < 5000; i++)
        free(used(malloc(100)));
    pause_ms(350);
    tell("later");
    errno = 0;
    say("wait %d %d\n", (int)wait(NULL), errno);
    return 0;
}
