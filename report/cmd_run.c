/*
 * `tenure run`: become the program, with the agent in it.
 *
 * We exec instead of starting a child: the PID that the shell, systemd or a
 * container knows is the service's own, signals reach it, and its exit status
 * is nobody else's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/command.h"
#include "report/launch.h"
#include "report/message.h"
#include "report/options.h"
#include "report/program.h"

static struct tenure_launch launch = TENURE_LAUNCH_DEFAULT;

static const struct tenure_option options[] = {
    TENURE_LAUNCH_OPTIONS(launch),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "run [OPTIONS] [--] COMMAND [ARGUMENTS]",
    "Runs COMMAND with the agent and takes snapshots of its heap: a last one\n"
    "when it ends, and more by --every, tenure snap or tenure mark. The exit\n"
    "status is COMMAND's own; 125 if it cannot be tracked, 126 if it cannot\n"
    "be executed, 127 if it is not found.",
    options,
    true,
};

int tenure_cmd_run(int argc, char **argv)
{
    struct tenure_program program;
    struct tenure_why why;
    char dir[PATH_MAX];
    int first = tenure_options_parse(argc, argv, &usage);
    if (first == TENURE_OPTIONS_HELP)
        return TENURE_EXIT_OK;
    if (first < 0)
        return TENURE_EXIT_CANNOT_TRACK;
    if (first == argc) {
        tenure_complain("no command given; as in: tenure run -- ./server");
        return TENURE_EXIT_CANNOT_TRACK;
    }
    argv += first;
    int status = tenure_launch_prepare(&launch, argv, &program, dir, &why);
    if (status != 0) {
        tenure_complain("%s", why.text);
        return status;
    }
    if (program.warning[0])
        tenure_complain("warning: %s", program.warning);
    if (isatty(STDERR_FILENO))
        fprintf(stderr,
                "tenure: snapshots go to %s; take one with: tenure snap %d\n",
                dir, getpid());
    execvp(argv[0], argv);
    int error = errno;
    tenure_complain("cannot run %s: %s", argv[0], strerror(error));
    return error == ENOENT ? TENURE_EXIT_NOT_FOUND : TENURE_EXIT_NOT_EXECUTABLE;
}
