/*
 * The snapshot's file: DIR/EXE.PID.NNNN.tenure, mode 0600, which appears
 * under that name only when it is whole, never replaces another file, and
 * is never reached through a symbolic link. While the latest one could not be
 * written, an empty file DIR/EXE.PID.failed says so, if even that can be made.
 * Helper thread only.
 */
#ifndef TENURE_AGENT_FILE_H
#define TENURE_AGENT_FILE_H

#include <stddef.h>

struct tenure__file {
    int dir_fd, fd;
    char temporary[320];
};

/* Opens a temporary file in the directory, which is made if it is missing. 0,
 * or what went wrong. */
int tenure__file_create(struct tenure__file *file);

/* With error = 0 gives it its name, and that to `path`; else removes it.
 * Returns `error`, or what went wrong here. */
int tenure__file_finish(struct tenure__file *file, int error, char *path,
                        size_t room);

#endif
