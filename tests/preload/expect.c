/*
 * Reads what a victim promises out of the comment at its top.
 *
 * In goes a source file; out comes a struct expect. A line that starts with
 * " * expect:" and is not understood is an error, since a promise that nobody
 * checks is worse than none.
 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long number_or_any(const char *text)
{
    return strcmp(text, "any") == 0 ? EXPECT_ANY : strtol(text, NULL, 10);
}

static int read_live(struct expect *expect, const char *rest)
{
    if (expect->live_count == EXPECT_LIVE_MAX)
        return -1;
    struct expect_live *live = &expect->live[expect->live_count++];
    char blocks[24], bytes[24];
    if (sscanf(rest, "%63s %23s %23s", live->function, blocks, bytes) != 3)
        return -1;
    live->blocks = number_or_any(blocks);
    live->bytes = number_or_any(bytes);
    return 0;
}

static int read_line(struct expect *expect, const char *line)
{
    int used = 0;
    if (sscanf(line, "live %n", &used) == 0 && used > 0)
        return read_live(expect, line + used);
    if (sscanf(line, "exit %d", &expect->exit_status) == 1)
        return 0;
    if (sscanf(line, "signal %d", &expect->signal) == 1) {
        expect->exit_status = -1;
        return 0;
    }
    if (sscanf(line, "processes %d", &expect->processes) == 1)
        return 0;
    if (sscanf(line, "allocated %ld", &expect->allocated) == 1)
        return 0;
    if (strncmp(line, "snapshots none", 14) == 0)
        return expect->no_snapshots = true, expect->processes = 0;
    if (strncmp(line, "dropped any", 11) == 0)
        return expect->may_drop = true, 0;
    if (sscanf(line, "nodes %ld", &expect->nodes) == 1)
        return 0;
    if (sscanf(line, "counted %ld", &expect->counted) == 1)
        return 0;
    if (sscanf(line, "unseen %63s", expect->unseen) == 1)
        return 0;
    if (strncmp(line, "missed any", 10) == 0)
        return expect->may_miss = true, 0;
    if (strncmp(line, "major", 5) == 0)
        return expect->major = true, 0;
    if (sscanf(line, "held %63s %ld", expect->held.function,
               &expect->held.blocks) == 2)
        return 0;
    if (strncmp(line, "whole", 5) == 0)
        return expect->whole = true, 0;
    if (strncmp(line, "verify", 6) == 0)
        return expect->verify = true, 0;
    if (strncmp(line, "root", 4) == 0)
        return expect->root = true, 0;
    return -1;
}

int expect_read(struct expect *expect, const char *source)
{
    static const char prefix[] = " * expect: ";
    char line[256];
    *expect = (struct expect){.processes = 1,
                              .allocated = EXPECT_ANY,
                              .counted = EXPECT_ANY,
                              .nodes = EXPECT_ANY};
    FILE *file = fopen(source, "r");
    if (!file) {
        perror(source);
        return -1;
    }
    int result = 0;
    while (fgets(line, sizeof line, file) && strncmp(line, " */", 3) != 0) {
        if (strncmp(line, prefix, sizeof prefix - 1) != 0)
            continue;
        if (read_line(expect, line + sizeof prefix - 1) < 0) {
            fprintf(stderr, "%s: what does this expect? %s", source, line);
            result = -1;
        }
    }
    fclose(file);
    return result;
}
