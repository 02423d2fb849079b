/* Running the program that a check is about. */
#ifndef TENURE_REPORT_CHECK_RUN_H
#define TENURE_REPORT_CHECK_RUN_H

#include "report/launch.h"
#include "report/message.h"

struct tenure_check_run {
    char dir[PATH_MAX]; /* where its snapshots are */
    /* Its exit status, or 128 + its signal; where it was not run, one of
     * program.h. */
    int status;
    int pid;
    bool not_run;
    struct tenure_why why; /* it was not run, or a warning; "" = none */
};

/* Runs argv with the agent in it and waits for its end. Signals that ask us
 * to end go to the program. The environment is as before when it returns. */
void tenure_check_run(struct tenure_check_run *run,
                      const struct tenure_launch *launch, char **argv);

#endif
