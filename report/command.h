/*
 * The commands of `tenure`: one file each, cmd_NAME.c, and one row here.
 *
 * A command gets its own name in argv[0] and its arguments after it, prints
 * results on stdout and everything else on stderr, and returns the exit
 * status. It is called once, on the main thread.
 */
#ifndef TENURE_REPORT_COMMAND_H
#define TENURE_REPORT_COMMAND_H

/* X(name, "what it does, for tenure --help"), in the order of the help. */
#define TENURE_COMMANDS(X)                                                     \
    X(run, "run a program with the agent")                                     \
    X(ps, "list the processes that carry the agent")                           \
    X(snap, "take a snapshot of a running process")                            \
    X(show, "show what one snapshot holds")                                    \
    X(retainers, "show who holds the blocks of a call stack")                  \
    X(diff, "compare snapshots: what was allocated, freed, kept")              \
    X(check, "fail where memory leaks: snapshots, or a command")               \
    X(mark, "close a generation with a name")                                  \
    X(start, "wake a dormant agent")                                           \
    X(stop, "make an agent dormant")

#define X(name, purpose) int tenure_cmd_##name(int argc, char **argv);
TENURE_COMMANDS(X)
#undef X

enum tenure_exit {
    TENURE_EXIT_OK = 0,    /* clean */
    TENURE_EXIT_LEAK = 1,  /* the verdict */
    TENURE_EXIT_USAGE = 2, /* usage, unreadable or incomparable input */
    TENURE_EXIT_INCONCLUSIVE = 3,
};

/* Runs `argv[1]` as a command; what main() does. Returns the exit status. */
int tenure_command_run(int argc, char **argv);

#endif
