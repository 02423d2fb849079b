/*
 * Where the snapshots of a check come from: files, or a command that is run
 * once or several times.
 */
#ifndef TENURE_REPORT_CHECK_H
#define TENURE_REPORT_CHECK_H

#include "report/decide.h"
#include "report/launch.h"

struct tenure_check {
    struct tenure_launch launch; /* dir NULL: a temporary one */
    uint64_t rounds;             /* of --repeat; 0 = run it once */
    uint64_t warmup;
    uint64_t min_snapshots;      /* of the policy; 0 = as many as a verdict */
    struct tenure_texts ignored; /* programs that need not be seen */
    /* Private. */
    char dir[PATH_MAX];
    bool temporary;
    int status; /* of the command */
};

/* Opens the cases of files and directories; what is wrong with them becomes
 * an error of the decision. */
void tenure_check_files(struct tenure_check *check, char *const *paths,
                        size_t count, struct tenure_decision *decision);

/* Runs the command, opens what it left, and adds the doubts that only who
 * ran it can have. */
void tenure_check_command(struct tenure_check *check, char **argv,
                          struct tenure_decision *decision);

/* After the decision: the command's own failure wins, and the temporary
 * directory goes where nothing was wrong. */
void tenure_check_conclude(struct tenure_check *check,
                           struct tenure_decision *decision);

#endif
