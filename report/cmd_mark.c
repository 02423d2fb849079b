/*
 * `tenure mark`: close a generation with a name, such as "after warm-up".
 */
#include <stdio.h>
#include <string.h>

#include "report/client.h"
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"

enum { LABEL_MAX = 127 }; /* what the agent keeps of one */

static uint64_t timeout_ms = TENURE_TIMEOUT_MS;

static const struct tenure_option options[] = {
    TENURE_TIMEOUT_OPTION(&timeout_ms),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "mark [OPTIONS] PID [LABEL]",
    "Closes a generation of the running process PID and names it LABEL: takes\n"
    "a minor snapshot that carries the name, and prints the file's path.",
    options,
    false,
};

int tenure_cmd_mark(int argc, char **argv)
{
    char request[TENURE_REQUEST_BYTES + 1];
    char path[PATH_MAX], ours[PATH_MAX + 32];
    struct tenure_peer peer;
    struct tenure_reply reply;
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first < 1 || argc - first > 2)
        return tenure_complain(
            "give a process id and a label, as in: "
            "tenure mark 1234 warm");
    bool named = argc - first == 2;
    if (named && strlen(argv[first + 1]) > LABEL_MAX)
        return tenure_complain("a label has at most %d bytes; shorten it",
                               LABEL_MAX);
    snprintf(request, sizeof request, "mark%s%s", named ? " " : "",
             named ? argv[first + 1] : "");
    if (tenure_peer_named(argv[first], &peer, &why) != 0 ||
        tenure_client_ask(&peer, request, -1, timeout_ms, &reply, &why) != 0)
        return tenure_complain("%s", why.text);
    tenure_reply_value(&reply, "path", path, sizeof path);
    tenure_peer_file(&peer, path, ours, sizeof ours);
    printf("%s\n", ours);
    return TENURE_EXIT_OK;
}
