/*
 * The program as a child: unlike tenure run, which becomes the program, a
 * check has something to say when it has ended.
 */
#include "report/check_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/message.h"

/* Of the terminal's interrupt the program gets its own copy; one that was
 * sent to us (by timeout, by a CI system) is handed on. */
static volatile pid_t child;

static void hand_on(int signal, siginfo_t *info, void *context)
{
    (void)context;
    if (child > 0 && info->si_code <= 0)
        kill(child, signal);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void catch_signals(struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = hand_on,
                               .sa_flags = SA_RESTART | SA_SIGINFO};
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &before[i]);
}

static void give_back_signals(const struct sigaction *before)
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}

/* In the child; does not return. */
static _Noreturn void become(char **argv, const struct sigaction *before,
                             const sigset_t *mask)
{
    give_back_signals(before);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int error = errno;
    tenure_complain("cannot run %s: %s", argv[0], strerror(error));
    _exit(error == ENOENT ? TENURE_EXIT_NOT_FOUND : TENURE_EXIT_NOT_EXECUTABLE);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return TENURE_EXIT_CANNOT_TRACK;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void cannot_start(struct tenure_check_run *run, const char *name)
{
    run->status = TENURE_EXIT_CANNOT_TRACK;
    run->not_run = true;
    tenure_because(&run->why, "cannot start %s: %s", name, strerror(errno));
}

static void start(struct tenure_check_run *run, char **argv)
{
    struct sigaction before[SIGNALS];
    sigset_t blocked, mask;
    sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&blocked, signals[i]);
    /* Nothing is handed on before there is somebody to hand it to. */
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    catch_signals(before);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, before, &mask);
    child = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid > 0) {
        run->pid = pid;
        run->status = wait_for(pid);
    }
    child = 0;
    give_back_signals(before);
    if (pid < 0)
        cannot_start(run, argv[0]);
}

/* LD_PRELOAD and TENURE_OPTIONS are for the program only, but a second run
 * starts from what they were. */
struct environment {
    char *preload, *options; /* NULL = not set */
};

static char *copy_of(const char *name)
{
    const char *value = getenv(name);
    return value ? strdup(value) : NULL;
}

static void put_back(const char *name, char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
    free(value);
}

void tenure_check_run(struct tenure_check_run *run,
                      const struct tenure_launch *launch, char **argv)
{
    struct environment before = {copy_of("LD_PRELOAD"),
                                 copy_of("TENURE_OPTIONS")};
    struct tenure_program program = {.warning = ""};
    *run = (struct tenure_check_run){0};
    run->status =
        tenure_launch_prepare(launch, argv, &program, run->dir, &run->why);
    run->not_run = run->status != 0;
    if (!run->not_run) {
        snprintf(run->why.text, sizeof run->why.text, "%s", program.warning);
        start(run, argv);
    }
    put_back("LD_PRELOAD", before.preload);
    put_back("TENURE_OPTIONS", before.options);
}
