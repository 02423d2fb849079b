/*
 * `tenure ps`: the processes that carry the agent, and what they say of
 * themselves.
 *
 * A process is one of them if libtenure.so is mapped in it. Where its maps
 * are closed to us (another user's), its control address in
 * /proc/net/unix tells. Each that is ours is asked for its status.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/client.h"
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/peer.h"
#include "report/quality.h"
#include "report/text.h"
#include "report/words.h"

enum { FORMAT_TEXT, FORMAT_JSON, LINE_BYTES = PATH_MAX + 480 };
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
    "ps [OPTIONS] [PID...]",
    "Lists the processes that carry the agent: state, age, live and tenured\n"
    "bytes as of the last snapshot. Processes of other users answer only "
    "root.\n"
    "\n"
    "Exit status: 0; 2 if one of the PIDs named has no agent that answers.",
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
    int length = snprintf(address, sizeof address, " @tenure/%d", inner_pid);
    bool found = false;
    FILE *sockets = fopen("/proc/net/unix", "re");
    while (sockets && !found && fgets(line, sizeof line, sockets)) {
        const char *at = strstr(line, address);
        found = at && (at[length] == '\n' || at[length] == '.');
    }
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
    strcpy(row->state, !tenure_peer_is_ours(&row->peer) ? "denied"
                       : carries(&row->peer)            ? "silent"
                                                        : "no agent");
}

struct rows {
    struct row *at;
    size_t count;
};

static void add(struct rows *rows, const struct tenure_peer *peer)
{
    struct row *more = realloc(rows->at, (rows->count + 1) * sizeof *rows->at);
    if (!more)
        return;
    rows->at = more;
    more[rows->count].peer = *peer;
    fill(&more[rows->count++]);
}

static void collect_all(struct rows *rows)
{
    int *pids;
    int count = tenure_peer_all(&pids);
    for (int i = 0; i < count; i++) {
        struct tenure_peer peer;
        if (tenure_peer_read(pids[i], &peer) == 0 && carries(&peer))
            add(rows, &peer);
    }
    free(pids);
}

static int collect_named(struct rows *rows, char **names,
                         struct tenure_why *why)
{
    for (; *names; names++) {
        struct tenure_peer peer;
        if (tenure_peer_named(*names, &peer, why) != 0)
            return -1;
        add(rows, &peer);
    }
    return 0;
}

static bool answered(const struct row *row)
{
    return row->reply.line[0] != 0;
}

static uint64_t number(const struct row *row, const char *key)
{
    return tenure_reply_number(&row->reply, key);
}

/* What is alive is counted when a generation ends. */
static bool has_snapshot(const struct row *row)
{
    return answered(row) && number(row, "snapshots") > 0;
}

/* A path need not be UTF-8; JSON has to be. */
static json_t *text(const char *from)
{
    json_t *string = json_string(from);
    return string ? string : json_null();
}

/* What stands in the way of a verdict: snapshots that could not be written,
 * with the latest cause, and libraries that were not seen; "" if nothing. */
static const char *trouble(const struct row *row, char *line, size_t bytes)
{
    struct tenure_words words = tenure_words_in(line, bytes);
    char dir[PATH_MAX], why[160];
    uint64_t failed = number(row, "failed");
    uint64_t unseen = number(row, "unseen_modules");
    tenure_reply_value(&row->reply, "path", dir, sizeof dir);
    if (failed > 0)
        tenure_say(
            &words,
            "%" PRIu64
            " snapshot%s of it, or of processes that it forked, "
            "could not be written to %s: %s",
            failed, failed == 1 ? "" : "s", dir,
            tenure_quality_failure(number(row, "errno"), why, sizeof why));
    if (unseen > 0)
        tenure_say(&words,
                   "%sblocks of %" PRIu64
                   " librar%s are not seen; tenure show "
                   "SNAP names them",
                   failed > 0 ? "; " : "", unseen, unseen == 1 ? "y" : "ies");
    return line;
}

static void add_number(json_t *object, const struct row *row, const char *key,
                       bool known)
{
    json_object_set_new(object, key,
                        known ? json_integer((json_int_t)number(row, key))
                              : json_null());
}

static json_t *row_to_json(const struct row *row)
{
    char dir[PATH_MAX], problem[LINE_BYTES];
    bool said = answered(row), counted = has_snapshot(row);
    json_t *object =
        json_pack("{si ss}", "pid", row->peer.pid, "state", row->state);
    json_object_set_new(object, "exe", text(row->exe));
    add_number(object, row, "age_s", said);
    add_number(object, row, "generation", said);
    add_number(object, row, "snapshots", said);
    json_object_set_new(object, "failed_snapshots",
                        said ? json_integer((json_int_t)number(row, "failed"))
                             : json_null());
    add_number(object, row, "unseen_modules", said);
    add_number(object, row, "live_blocks", counted);
    add_number(object, row, "live_bytes", counted);
    add_number(object, row, "tenured_bytes", counted);
    tenure_reply_value(&row->reply, "path", dir, sizeof dir);
    json_object_set_new(object, "dir", said ? text(dir) : json_null());
    trouble(row, problem, sizeof problem);
    json_object_set_new(object, "reason",
                        !said        ? text(row->why.text)
                        : problem[0] ? text(problem)
                                     : json_null());
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

static void print_row(const struct row *row)
{
    struct tenure_number age = {"-"}, generation = age, live = age,
                         tenured = age;
    if (answered(row)) {
        age = tenure_text_seconds((double)number(row, "age_s"));
        generation = tenure_text_count(number(row, "generation"));
    }
    if (has_snapshot(row)) {
        live = tenure_text_bytes(number(row, "live_bytes"));
        tenured = tenure_text_bytes(number(row, "tenured_bytes"));
    }
    printf("%7d  %-8s  %12s  %10s  %10s  %10s  %s\n", row->peer.pid, row->state,
           age.text, generation.text, live.text, tenured.text,
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
    printf("%7s  %-8s  %12s  %10s  %10s  %10s  %s\n", "PID", "STATE", "AGE",
           "GENERATION", "LIVE", "TENURED", "PROGRAM");
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i]);
    for (size_t i = 0; i < count; i++) {
        char problem[LINE_BYTES];
        if (!answered(&rows[i]))
            fprintf(stderr, "%d: %s\n", rows[i].peer.pid, rows[i].why.text);
        else if (*trouble(&rows[i], problem, sizeof problem))
            fprintf(stderr, "%d: %s\n", rows[i].peer.pid, problem);
    }
}

int tenure_cmd_ps(int argc, char **argv)
{
    struct rows rows = {NULL, 0};
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (first == argc)
        collect_all(&rows);
    else if (collect_named(&rows, argv + first, &why) != 0)
        return tenure_complain("%s", why.text);
    if (format == FORMAT_JSON)
        print_json(rows.at, rows.count);
    else
        print_text(rows.at, rows.count);
    /* Of those asked for by number, all have to answer. */
    int status = TENURE_EXIT_OK;
    for (size_t i = 0; i < rows.count && first < argc; i++)
        if (!answered(&rows.at[i]))
            status = TENURE_EXIT_USAGE;
    free(rows.at);
    return status;
}
