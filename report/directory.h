/*
 * Directories of snapshots on a command line.
 */
#ifndef TENURE_REPORT_DIRECTORY_H
#define TENURE_REPORT_DIRECTORY_H

#include <stddef.h>

#include "report/memory.h"
#include "report/message.h"

/* The snapshots in the directory `path` by name, in the arena; how many, or
 * -1 with the cause in `why`. */
int tenure_directory_list(const char *path, char ***files,
                          struct tenure_arena *arena, struct tenure_why *why);

/* The same, of one process: others beside it are named in `why`. */
int tenure_directory_of_one(const char *path, char ***files,
                            struct tenure_arena *arena, struct tenure_why *why);

#endif
