/*
 * The tenure command. Results must arrive: a write error on stdout (a full
 * disk, say) is an error of the command.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/command.h"
#include "report/message.h"

/* Snapshots are read in place; one that is cut meanwhile faults. */
static void on_bus_error(int signal)
{
    static const char text[] =
        "tenure: a file was truncated while it was being read; "
        "copy it again from where it was written\n";
    (void)signal;
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(TENURE_EXIT_USAGE);
}

int main(int argc, char **argv)
{
    signal(SIGBUS, on_bus_error);
    int status = tenure_command_run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return tenure_complain("cannot write the result: %s", strerror(errno));
    return status;
}
