/*
 * `tenure ps`: the processes that carry the agent, and what they say of
 * themselves.
 *
 * A process is one of them if libtenure.so is mapped in it. Where its maps
 * are closed to us (another user's), its control address in
 * /proc/net/unix tells. Each that is ours is asked for its status.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/client.h"
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/peer.h"

enum { FORMAT_TEXT, FORMAT_JSON };
static const char *const formats[] = {"text", "json", NULL};
static int format;
static uint64_t timeout_ms = 1000;

static const struct tenure_option options[] = {
    {"format", 0, "FORMAT", &format, &tenure_type_choice, formats,
     "text (default) or json"},
    {"timeout", 0, "TIME", &timeout_ms, &tenure_type_duration, NULL,
     "wait at most so long for each (default 1s)"},
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "ps [OPTIONS]",
    "Lists the processes that carry the agent: state, age, live and tenured\n"
    "bytes. Processes of other users answer only root.",
    options,
    false,
};

struct row {
    struct tenure_peer peer;
    struct tenure_reply reply; /* empty if it did not answer */
    struct tenure_why why;     /* then, why not */
    char state[16];
    char exe[PATH_MAX];
};

/* Does somebody listen at this address in our network namespace? */
static bool listens(int inner_pid)
{
    char line[512], address[32];
    snprintf(address, sizeof address, " @tenure/%d\n", inner_pid);
    bool found = false;
    FILE *sockets = fopen("/proc/net/unix", "re");
    while (sockets && !found && fgets(line, sizeof line, sockets))
        found = strstr(line, address) != NULL;
    if (sockets)
        fclose(sockets);
    return found;
}

static bool carries(const struct tenure_peer *peer)
{
    enum tenure_carries answer = tenure_peer_carries(peer);
    return answer == TENURE_CARRIES ||
           (answer == TENURE_UNKNOWN && listens(peer->inner_pid));
}

static void fill(struct row *row)
{
    tenure_peer_exe(&row->peer, row->exe, sizeof row->exe);
    row->reply.line[0] = 0;
    if (tenure_client_ask(&row->peer, "status", -1, timeout_ms, &row->reply,
                          &row->why) == 0) {
        if (!tenure_reply_value(&row->reply, "state", row->state,
                                sizeof row->state))
            strcpy(row->state, "unknown");
        return;
    }
    strcpy(row->state, tenure_peer_is_ours(&row->peer) ? "silent" : "denied");
}

/* All of them; `rows` is the caller's to free. */
static size_t collect(struct row **rows)
{
    int *pids;
    size_t used = 0;
    int count = tenure_peer_all(&pids);
    *rows = NULL;
    for (int i = 0; i < count; i++) {
        struct tenure_peer peer;
        if (tenure_peer_read(pids[i], &peer) != 0 || !carries(&peer))
            continue;
        struct row *more = realloc(*rows, (used + 1) * sizeof **rows);
        if (!more)
            break;
        *rows = more;
        more[used].peer = peer;
        fill(&more[used++]);
    }
    free(pids);
    return used;
}

static json_int_t number(const struct row *row, const char *key)
{
    return (json_int_t)tenure_reply_number(&row->reply, key);
}

/* A path need not be UTF-8; JSON has to be. */
static json_t *text(const char *from)
{
    json_t *string = json_string(from);
    return string ? string : json_null();
}

static json_t *row_to_json(const struct row *row)
{
    static const char *const numbers[] = {"age_s",      "generation",
                                          "snapshots",  "live_blocks",
                                          "live_bytes", "tenured_bytes"};
    char dir[PATH_MAX];
    bool answered = row->reply.line[0] != 0;
    json_t *object =
        json_pack("{si ss}", "pid", row->peer.pid, "state", row->state);
    json_object_set_new(object, "exe", text(row->exe));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i],
                            answered ? json_integer(number(row, numbers[i]))
                                     : json_null());
    tenure_reply_value(&row->reply, "path", dir, sizeof dir);
    json_object_set_new(object, "dir", answered ? text(dir) : json_null());
    json_object_set_new(object, "reason",
                        answered ? json_null() : text(row->why.text));
    return object;
}

static void print_json(const struct row *rows, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, row_to_json(&rows[i]));
    json_t *all =
        json_pack("{si ss ss so}", "schema", 1, "tool",
                  "tenure " TENURE_VERSION, "command", "ps", "processes", list);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

/* 42s, 12m03s, 3h05m, 2d04h */
static void age_text(uint64_t seconds, char *text, size_t bytes)
{
    unsigned long s = (unsigned long)seconds;
    if (s < 60)
        snprintf(text, bytes, "%lus", s);
    else if (s < 3600)
        snprintf(text, bytes, "%lum%02lus", s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, bytes, "%luh%02lum", s / 3600, s / 60 % 60);
    else
        snprintf(text, bytes, "%lud%02luh", s / 86400, s / 3600 % 24);
}

static void size_text(uint64_t size, char *text, size_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)size;
    int unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(text, bytes, "%.*f %s", unit ? 1 : 0, value, units[unit]);
}

static void print_row(const struct row *row)
{
    char age[24] = "-", live[24] = "-", tenured[24] = "-", generation[24] = "-";
    if (row->reply.line[0]) {
        age_text((uint64_t)number(row, "age_s"), age, sizeof age);
        size_text((uint64_t)number(row, "live_bytes"), live, sizeof live);
        size_text((uint64_t)number(row, "tenured_bytes"), tenured,
                  sizeof tenured);
        snprintf(generation, sizeof generation, "%lld",
                 (long long)number(row, "generation"));
    }
    printf("%7d  %-8s  %7s  %10s  %11s  %11s  %s\n", row->peer.pid, row->state,
           age, generation, live, tenured,
           row->exe[0] ? row->exe : row->peer.name);
}

static void print_text(const struct row *rows, size_t count)
{
    if (count == 0) {
        fprintf(stderr,
                "no process carries the agent; start one with "
                "`tenure run -- COMMAND`\n");
        return;
    }
    printf("%7s  %-8s  %7s  %10s  %11s  %11s  %s\n", "PID", "STATE", "AGE",
           "GENERATION", "LIVE", "TENURED", "PROGRAM");
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i]);
    for (size_t i = 0; i < count; i++)
        if (!rows[i].reply.line[0])
            fprintf(stderr, "%d: %s\n", rows[i].peer.pid, rows[i].why.text);
}

int tenure_cmd_ps(int argc, char **argv)
{
    struct row *rows;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (first != argc)
        return tenure_complain(
            "takes no arguments; tenure snap PID looks at "
            "one process");
    size_t count = collect(&rows);
    if (format == FORMAT_JSON)
        print_json(rows, count);
    else
        print_text(rows, count);
    free(rows);
    return TENURE_EXIT_OK;
}
