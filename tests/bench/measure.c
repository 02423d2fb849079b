/*
 * Runs a command and measures what it and all its descendants took.
 *
 *   measure RESULT COMMAND [ARGUMENT...]
 *
 * One line goes to the file RESULT: wall, user and system seconds, the peak
 * resident KiB of the largest process, exit status. Orphans are waited for
 * too; SIGTERM and SIGINT go on to the command. Its output is its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t command;

static void pass_on(int number)
{
    if (command > 0)
        kill(command, number);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* Waits for every descendant; returns the status of the command itself. */
static int wait_for_all(void)
{
    int result = 0;
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno != EINTR)
            return result;
        if (pid == command && WIFSIGNALED(status))
            result = 128 + WTERMSIG(status);
        else if (pid == command)
            result = WEXITSTATUS(status);
    }
}

int main(int argc, char **argv)
{
    struct rusage usage;
    if (argc < 3) {
        fprintf(stderr, "usage: measure RESULT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    signal(SIGTERM, pass_on);
    signal(SIGINT, pass_on);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double start = now();
    command = fork();
    if (command == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = wait_for_all();
    double wall = now() - start;
    getrusage(RUSAGE_CHILDREN, &usage);
    FILE *file = fopen(argv[1], "w");
    if (!file) {
        perror(argv[1]);
        return 2;
    }
    fprintf(file, "%.4f %.4f %.4f %ld %d\n", wall, seconds(&usage.ru_utime),
            seconds(&usage.ru_stime), usage.ru_maxrss, status);
    return fclose(file) == 0 ? status : 2;
}
