/*
 * From the first word to the command: `tenure --help`, `--version`, or one
 * row of the table.
 */
#include "report/command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "report/message.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *purpose;
};

static const struct command commands[] = {
#define X(name, purpose) {#name, tenure_cmd_##name, purpose},
    TENURE_COMMANDS(X)
#undef X
        {NULL, NULL, NULL},
};

static int print_help(void)
{
    printf(
        "Usage: tenure COMMAND [OPTIONS] [ARGUMENTS]\n\n"
        "Finds memory leaks in running native services: which call stack\n"
        "allocated what outlives every generation it should have died "
        "in.\n\nCommands:\n");
    for (const struct command *at = commands; at->name; at++)
        printf("  %-10s %s\n", at->name, at->purpose);
    printf(
        "\nOptions:\n"
        "  -h, --help    show this help; tenure COMMAND --help shows a "
        "command's\n"
        "      --version show the version\n");
    return TENURE_EXIT_OK;
}

/* Edits (insert, delete, replace, swap neighbours) from a to b. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 24 };
    unsigned row[3][LONGEST + 1];
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    for (unsigned j = 0; j <= n; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= m; i++) {
        unsigned *now = row[i % 3], *above = row[(i + 2) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && row[(i + 1) % 3][j - 2] + 1 < best)
                best = row[(i + 1) % 3][j - 2] + 1;
            now[j] = best;
        }
    }
    return row[m % 3][n];
}

static int unknown_command(const char *name)
{
    const struct command *nearest = NULL;
    unsigned least = 3;
    for (const struct command *at = commands; at->name; at++) {
        unsigned edits = distance(name, at->name);
        if (edits < least) {
            least = edits;
            nearest = at;
        }
    }
    const char *what = name[0] == '-' ? "option" : "command";
    if (nearest)
        return tenure_complain("unknown %s '%s'; did you mean '%s'?", what,
                               name, nearest->name);
    return tenure_complain("unknown %s '%s'; see tenure --help", what, name);
}

int tenure_command_run(int argc, char **argv)
{
    if (argc < 2)
        return tenure_complain("no command given; see tenure --help");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0) {
        printf("tenure %s\n", TENURE_VERSION);
        return TENURE_EXIT_OK;
    }
    char help[] = "--help";
    char *asks_help[] = {argv[0], argv[2], help, NULL};
    if (strcmp(name, "help") == 0) {
        if (argc == 2)
            return print_help();
        name = argv[2];
        argv = asks_help;
        argc = 3;
    }
    for (const struct command *at = commands; at->name; at++) {
        if (strcmp(name, at->name) == 0) {
            tenure_message_from(at->name);
            return at->run(argc - 1, argv + 1);
        }
    }
    return unknown_command(name);
}
