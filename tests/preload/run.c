/*
 * Runs one program and keeps its output, exit status and signal.
 *
 * Two pipes are read until both ends are closed, with a deadline; what is
 * left over afterwards is killed through /proc, since daemons leave process
 * groups and sessions.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Kills the descendants of `pid`, youngest first. */
static void kill_below(pid_t pid)
{
    char path[64];
    int child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid,
             (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    while (fscanf(file, "%d", &child) == 1) {
        kill_below(child);
        kill(child, SIGKILL);
    }
    fclose(file);
}

static int append(struct text *text, int descriptor)
{
    char buffer[4096];
    ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got <= 0)
        return got < 0 && errno == EINTR ? 1 : 0;
    char *bytes = realloc(text->bytes, text->length + (size_t)got + 1);
    if (!bytes)
        return 0;
    text->bytes = bytes;
    memcpy(bytes + text->length, buffer, (size_t)got);
    text->length += (size_t)got;
    bytes[text->length] = 0;
    return 1;
}

/* Reads both pipes until they close; false when the deadline came first. */
static bool drain(struct run *run, const int ends[2], long deadline)
{
    struct pollfd polls[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        long left = deadline - now_ms();
        if (left <= 0)
            return false;
        if (poll(polls, 2, (int)left) <= 0)
            continue;
        if (polls[0].revents && !append(&run->out, ends[0]))
            polls[0].fd = -1;
        if (polls[1].revents && !append(&run->err, ends[1]))
            polls[1].fd = -1;
    }
    return true;
}

static bool reap(struct run *run, long deadline)
{
    while (waitpid(run->pid, &run->status, WNOHANG) != run->pid) {
        if (now_ms() > deadline)
            return false;
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    return true;
}

static void become(char *const argv[], char *const environment[],
                   const int out[2], const int err[2])
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    for (int descriptor = 3; descriptor < 64; descriptor++)
        close(descriptor);
    execve(argv[0], argv, environment);
    _exit(127);
}

int run_program(struct run *run, char *const argv[], char *const environment[],
                int seconds)
{
    int out[2], err[2];
    long deadline = now_ms() + seconds * 1000L;
    *run = (struct run){0};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (pipe(out) < 0 || pipe(err) < 0)
        return -1;
    run->pid = fork();
    if (run->pid < 0)
        return -1;
    if (run->pid == 0)
        become(argv, environment, out, err);
    close(out[1]);
    close(err[1]);
    if (!drain(run, (int[]){out[0], err[0]}, deadline) ||
        !reap(run, deadline)) {
        run->timed_out = true;
        kill_below(getpid());
        waitpid(run->pid, &run->status, 0);
    }
    close(out[0]);
    close(err[0]);
    kill_below(getpid());
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    return 0;
}

void run_free(struct run *run)
{
    free(run->out.bytes);
    free(run->err.bytes);
    *run = (struct run){0};
}
