/*
 * `tenure start`: wake a dormant agent.
 */
#include "report/command.h"
#include "report/switch.h"

int tenure_cmd_start(int argc, char **argv)
{
    return tenure_switch(
        argc, argv,
        "Starts tracking in the running process PID, whose agent is dormant\n"
        "(tenure run --dormant, or tenure stop). What was allocated before\n"
        "has an unknown birth and is never called a leak.",
        "tracking");
}
