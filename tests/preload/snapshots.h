/*
 * Looks at the snapshots that a victim left, through `tenure show`.
 *
 * Every function says on stderr what is wrong and returns the number of
 * things that were. The directory is read once per run.
 */
#ifndef TENURE_TESTS_SNAPSHOTS_H
#define TENURE_TESTS_SNAPSHOTS_H

#include "expect.h"

#include <sys/types.h>

/* Checks what `directory` holds after a run whose first process was `pid`:
 * only whole snapshots, readable by `tenure`, that keep the promises. */
int snapshots_check(const char *directory, pid_t pid, const char *tenure,
                    const struct expect *expect);

#endif
