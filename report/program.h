/*
 * A program that somebody wants to run: where it is, and whether a preloaded
 * agent can work in it. Looks at files only; not thread-safe (PATH).
 */
#ifndef TENURE_REPORT_PROGRAM_H
#define TENURE_REPORT_PROGRAM_H

#include <limits.h>

#include "report/message.h"

/* As env(1) has them; why what is wrong is no usage error of a command that
 * runs another one. */
#define TENURE_EXIT_CANNOT_TRACK 125
#define TENURE_EXIT_NOT_EXECUTABLE 126
#define TENURE_EXIT_NOT_FOUND 127

struct tenure_program {
    char path[PATH_MAX]; /* what execve will be given */
    /* What to tell the user although it will run, or "". */
    char warning[256];
};

/*
 * Finds `name` as execvp would and follows its #! lines to the program that
 * the loader will load. `agent` is the path of libtenure.so, which must be
 * for the same machine. 0, or one of the statuses above with the reason and
 * a remedy in `why`.
 */
int tenure_program_find(const char *name, const char *agent,
                        struct tenure_program *program, struct tenure_why *why);

#endif
