/*
 * A file that appears whole or not at all: written under a temporary name in
 * the same directory, and renamed when it is complete. One at a time in a
 * process, since an interrupt (SIGINT, SIGTERM, SIGHUP) removes it.
 */
#ifndef TENURE_REPORT_REPLACE_H
#define TENURE_REPORT_REPLACE_H

#include <limits.h>

#include "report/message.h"

struct tenure_replace {
    int fd; /* write here */
    const char *path;
    char temporary[PATH_MAX];
};

/* `path` must outlive the struct. A path that is something else than a
 * regular file (a device, a symbolic link) is refused: it would be replaced.
 * 0, or -1 with the reason. */
int tenure_replace_begin(struct tenure_replace *to, const char *path,
                         struct tenure_why *why);

/* Puts it in place, on the disk; 0, or -1 with nothing left behind. */
int tenure_replace_commit(struct tenure_replace *to, struct tenure_why *why);

/* Leaves everything as it was. */
void tenure_replace_abandon(struct tenure_replace *to);

#endif
