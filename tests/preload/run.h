/*
 * Runs one program and keeps everything that a caller could see of it.
 *
 * The program gets a session of its own, /dev/null to read from and pipes to
 * write to; it is over when it and everything that holds those pipes is gone.
 * Not thread-safe: the driver becomes the reaper of orphans.
 */
#ifndef TENURE_TESTS_RUN_H
#define TENURE_TESTS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct text {
    char *bytes;
    size_t length;
};

struct run {
    pid_t pid;
    int status; /* as of waitpid() */
    bool timed_out;
    struct text out, err;
};

/* Runs argv[0] with the environment `environment` for at most `seconds`,
 * then kills it and all its descendants. 0, or -1 with errno. */
int run_program(struct run *run, char *const argv[], char *const environment[],
                int seconds);
void run_free(struct run *run);

#endif
