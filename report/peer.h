/*
 * A running process, as /proc shows it: the one a command is about.
 *
 * Everything here is a look at one moment; the process may be gone with the
 * next line, and every function copes with that. Not thread-safe.
 */
#ifndef TENURE_REPORT_PEER_H
#define TENURE_REPORT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "report/message.h"

struct tenure_peer {
    int pid;       /* as we see it */
    int thread;    /* one that lives, to be looked at in /proc: often = pid */
    int inner_pid; /* as it sees itself, inside its PID namespace */
    int parent;
    uid_t uids[3]; /* real, effective, saved */
    char state;    /* as in /proc: R S D T t Z X */
    char name[64]; /* of the program, at most 15 characters */
};

/* Reads a PID from the command line and looks at it: 0, or -1 if it is no
 * number, or no such process is alive. */
int tenure_peer_named(const char *text, struct tenure_peer *peer,
                      struct tenure_why *why);

/* Looks at a process: 0, or -1 if there is none or it is a zombie. */
int tenure_peer_read(int pid, struct tenure_peer *peer);

/* May we ask its agent? It answers its own user and root. */
bool tenure_peer_is_ours(const struct tenure_peer *peer);

enum tenure_carries { TENURE_CARRIES_NOT, TENURE_CARRIES, TENURE_UNKNOWN };

/* Is libtenure.so mapped in it? Unknown where we may not look. */
enum tenure_carries tenure_peer_carries(const struct tenure_peer *peer);

/* The path of its executable, or "" where we may not look. */
void tenure_peer_exe(const struct tenure_peer *peer, char *path, size_t bytes);

/*
 * The name by which we can open the file that the process calls `path`: the
 * same path, or one through /proc/PID/root if the process has another root.
 */
void tenure_peer_file(const struct tenure_peer *peer, const char *path,
                      char *ours, size_t bytes);

/* The PIDs of all processes, rising; the array is the caller's to free. The
 * count, or -1 where there is no /proc. */
int tenure_peer_all(int **pids);

/* Writes the PIDs of the descendants of `pid` that carry the agent, "12, 13",
 * as many as fit; returns how many there are. */
int tenure_peer_descendants(int pid, char *list, size_t bytes);

#endif
