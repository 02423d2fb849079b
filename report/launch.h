/*
 * Running a program with the agent in it: the options that the agent takes,
 * and the environment that brings it in. Not thread-safe (environment).
 */
#ifndef TENURE_REPORT_LAUNCH_H
#define TENURE_REPORT_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/message.h"
#include "report/options.h"
#include "report/program.h"

enum tenure_follow { TENURE_FOLLOW_CHILDREN, TENURE_FOLLOW_NONE };

struct tenure_launch {
    const char *dir, *every, *trace; /* as typed; NULL = not given */
    const char *ledger;              /* a check's (ledger.h), NULL = none */
    uint64_t sample_bytes, depth, verify_every; /* 0 = not given */
    int follow;                                 /* enum tenure_follow */
    bool major, objects, dormant, self_test;
    bool urgent; /* marks not at idle priority; no option says so */
};

/* The values before any option was read. */
#define TENURE_LAUNCH_DEFAULT                                                  \
    {                                                                          \
        .dir = "tenure.out"                                                    \
    }

extern const char *const tenure_follow_names[];

/* The rows of an option table for a static struct tenure_launch. */
/* clang-format off */
#define TENURE_LAUNCH_OPTIONS(launch)                                          \
    {"dir", 'd', "DIR", &(launch).dir, &tenure_type_text, NULL,                \
     "where snapshots go (default tenure.out)"},                               \
    {"every", 'e', "TIME|SIZE", &(launch).every, &tenure_type_text, NULL,      \
     "take one each 30s, 5m, or each 10M allocated"},                          \
    {"major", 0, NULL, &(launch).major, &tenure_type_flag, NULL,               \
     "mark what is reachable in each of them"},                                \
    {"objects", 0, NULL, &(launch).objects, &tenure_type_flag, NULL,           \
     "with every live block in it"},                                           \
    {"sample", 0, "SIZE", &(launch).sample_bytes, &tenure_type_extent, NULL,   \
     "look at one allocation in SIZE bytes, such as 512K\n"                    \
     "(default: at every one)"},                                               \
    {"depth", 0, "N", &(launch).depth, &tenure_type_some, NULL,                \
     "keep N frames of a stack, 1 to 512 (default 64)"},                       \
    {"follow", 0, "WHO", &(launch).follow, &tenure_type_choice,                \
     tenure_follow_names,                                                      \
     "children: track them too, each into its own files\n"                     \
     "(default); none: this one process only"},                                \
    {"dormant", 0, NULL, &(launch).dormant, &tenure_type_flag, NULL,           \
     "track nothing until tenure start"},                                      \
    {"self-test", 0, NULL, &(launch).self_test, &tenure_type_flag, NULL,       \
     "leak a known trickle that the verdict must find"},                       \
    {"trace", 0, "FILE", &(launch).trace, &tenure_type_text, NULL,             \
     "one line for each generation; - is stderr"},                             \
    {"verify", 0, "N", &(launch).verify_every, &tenure_type_some, NULL,        \
     "compare each Nth stack with libunwind's"}
/* clang-format on */

/* Finds libtenure.so by where this program is: 0, or -1 with the reason. */
int tenure_launch_agent(char path[PATH_MAX], struct tenure_why *why);

/*
 * Makes sure that `dir` is a directory of its own name (no symbolic link) to
 * which we can write, making it if it is missing; `absolute` gets its path.
 * 0, or -1 with the reason and a remedy.
 */
int tenure_launch_directory(const char *dir, char absolute[PATH_MAX],
                            struct tenure_why *why);

/* What LD_PRELOAD becomes: the agent first, then what was there without an
 * earlier agent. `before` may be NULL. False if it does not fit. */
bool tenure_launch_preload(const char *agent, const char *before, char *value,
                           size_t bytes);

/* What TENURE_OPTIONS becomes; `leader` is the PID that will be tracked. */
int tenure_launch_options(const struct tenure_launch *launch,
                          const char *absolute_dir, int leader, char *value,
                          size_t bytes, struct tenure_why *why);

/*
 * Checks everything and sets the environment, so that an execvp of argv[0]
 * in this process starts it with the agent. 0, or a status of program.h with
 * the reason in `why`. `absolute_dir` gets where the snapshots will go.
 */
int tenure_launch_prepare(const struct tenure_launch *launch, char **argv,
                          struct tenure_program *program,
                          char absolute_dir[PATH_MAX], struct tenure_why *why);

#endif
