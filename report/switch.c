/*
 * One word to one agent: "start" or "stop".
 */
#include "report/switch.h"

#include <stdio.h>

#include "report/client.h"
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"

int tenure_switch(int argc, char **argv, const char *purpose, const char *state)
{
    static uint64_t timeout_ms = TENURE_TIMEOUT_MS;
    static const struct tenure_option options[] = {
        TENURE_TIMEOUT_OPTION(&timeout_ms),
        TENURE_OPTIONS_END,
    };
    const char *word = argv[0];
    char synopsis[64];
    snprintf(synopsis, sizeof synopsis, "%s [OPTIONS] PID", word);
    const struct tenure_usage usage = {synopsis, purpose, options, false};
    struct tenure_peer peer;
    struct tenure_reply reply;
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first != 1)
        return tenure_complain(
            "give one process id, as in: tenure %s 1234; "
            "tenure ps lists them",
            word);
    if (tenure_peer_named(argv[first], &peer, &why) != 0 ||
        tenure_client_ask(&peer, word, -1, timeout_ms, &reply, &why) != 0)
        return tenure_complain("%s", why.text);
    printf("%d %s\n", peer.pid, state);
    return TENURE_EXIT_OK;
}
