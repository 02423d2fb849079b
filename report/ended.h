/*
 * What became of a process whose snapshots are all that is left to look at.
 */
#ifndef TENURE_REPORT_ENDED_H
#define TENURE_REPORT_ENDED_H

#include "report/snapshot.h"

/* Is the process of this host, no more, and this snapshot of it not one of its
 * end? False where nobody can tell: of another host. Not thread-safe. */
bool tenure_ended_without_last(const struct tenure_snapshot *last);

/* The file by which its agent says that the latest snapshot could not be
 * written, DIR/EXE.PID.failed: is it there? Its path in `path`. */
bool tenure_ended_failing(const char *snapshot, char *path, size_t bytes);

#endif
