/*
 * `tenure stop`: make an agent dormant.
 */
#include "report/command.h"
#include "report/switch.h"

int tenure_cmd_stop(int argc, char **argv)
{
    return tenure_switch(
        argc, argv,
        "Stops tracking in the running process PID: what remains costs one\n"
        "predicted branch for each call, until tenure start.",
        "dormant");
}
