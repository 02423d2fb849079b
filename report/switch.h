/*
 * What `tenure start` and `tenure stop` have in common: one word to the agent
 * of one process.
 */
#ifndef TENURE_REPORT_SWITCH_H
#define TENURE_REPORT_SWITCH_H

/* Parses the command line (one PID), sends `argv[0]` as the request, and
 * prints the PID with its new state; the exit status. */
int tenure_switch(int argc, char **argv, const char *purpose,
                  const char *state);

#endif
