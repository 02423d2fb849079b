/*
 * The control socket, from the outside: one request to the agent of a running
 * process, one answer.
 *
 * The agent of process N listens on an abstract address made of N, the number
 * by which the process knows itself (agent/format/address.h). A connection
 * carries one line of at most 512 bytes, `snap minor|major [objects] [fd]`,
 * `mark LABEL`, `start`, `stop` or `status`, and its answer, `ok key=value ...
 * path=PATH` (the path is last and may hold spaces) or `error TEXT`. Both sides
 * look at who the other is: the address could be taken by anybody.
 *
 * Not thread-safe: forks to reach a process in another network namespace.
 */
#ifndef TENURE_REPORT_CLIENT_H
#define TENURE_REPORT_CLIENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/message.h"
#include "report/peer.h"

#define TENURE_REQUEST_BYTES 512
#define TENURE_REPLY_BYTES (PATH_MAX + 512)
#define TENURE_TIMEOUT_MS 30000u

/* The row of a command's option table; include report/options.h. */
#define TENURE_TIMEOUT_OPTION(timeout_ms)                                      \
    {                                                                          \
        "timeout", 0, "TIME", timeout_ms, &tenure_type_duration, NULL,         \
            "wait at most so long (default 30s)"                               \
    }

struct tenure_reply {
    char line[TENURE_REPLY_BYTES]; /* without "ok " and the newline */
};

/*
 * Sends `request` (without newline) and, unless it is negative, the file
 * `fd`; waits for the answer at most `timeout_ms`. 0 with the answer in
 * `reply`, or -1 with cause and remedy in `why`.
 */
int tenure_client_ask(const struct tenure_peer *peer, const char *request,
                      int fd, uint64_t timeout_ms, struct tenure_reply *reply,
                      struct tenure_why *why);

/* Copies the value of `key` ("" if the answer does not have it); a value ends
 * at a space, but `path` runs to the end of the line. False if missing. */
bool tenure_reply_value(const struct tenure_reply *reply, const char *key,
                        char *value, size_t bytes);

/* The same for a number; 0 if missing. */
uint64_t tenure_reply_number(const struct tenure_reply *reply, const char *key);

#endif
