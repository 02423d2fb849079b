/*
 * Option tables: from rows to getopt_long's own tables, to values, to help.
 *
 * The table comes from a command, argv from the shell; values are stored
 * through the pointers of the rows. Long names may be shortened as long as
 * they are unambiguous, as with every GNU tool.
 */
#include "report/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/command.h"
#include "report/message.h"

enum { OPTIONS_MAX = 64, FIRST_LONG = 256 };

static int parse_flag(const struct tenure_option *option, const char *text)
{
    (void)text;
    *(bool *)option->value = true;
    return 0;
}

static int parse_text(const struct tenure_option *option, const char *text)
{
    *(const char **)option->value = text;
    return *text ? 0 : -1;
}

static int parse_optional(const struct tenure_option *option, const char *text)
{
    *(const char **)option->value = text ? text : "";
    return text && !*text ? -1 : 0;
}

static int parse_texts(const struct tenure_option *option, const char *text)
{
    struct tenure_texts *texts = option->value;
    const char **more =
        realloc(texts->at, (texts->count + 1) * sizeof *texts->at);
    if (!more || !*text)
        return -1;
    more[texts->count++] = text;
    texts->at = more;
    return 0;
}

static int number(const char *text, const char **end, uint64_t *value)
{
    if (!isdigit((unsigned char)*text))
        return -1;
    errno = 0;
    *value = strtoull(text, (char **)end, 10);
    return errno == 0 ? 0 : -1;
}

static int parse_count(const struct tenure_option *option, const char *text)
{
    const char *end;
    uint64_t value;
    if (number(text, &end, &value) < 0 || *end)
        return -1;
    *(uint64_t *)option->value = value;
    return 0;
}

static int parse_some(const struct tenure_option *option, const char *text)
{
    return parse_count(option, text) == 0 && *(uint64_t *)option->value > 0
               ? 0
               : -1;
}

/* value * unit, or -1 if it does not fit. */
static int scale(uint64_t value, uint64_t unit, uint64_t *result)
{
    return __builtin_mul_overflow(value, unit, result) ? -1 : 0;
}

int tenure_parse_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    const char *end;
    uint64_t value;
    if (number(text, &end, &value) < 0)
        return -1;
    unsigned shift = 0;
    const char *letter = strchr(letters, toupper((unsigned char)*end));
    if (*end && letter) {
        shift = 10 * (unsigned)(letter - letters + 1);
        end++;
        if (*end == 'i')
            end++;
    }
    if (*end == 'B' || *end == 'b')
        end++;
    return *end ? -1 : scale(value, (uint64_t)1 << shift, bytes);
}

int tenure_parse_duration(const char *text, uint64_t *milliseconds)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000}, {"min", 60000},
                 {"h", 3600000}, {"d", 86400000}, {"", 1000}};
    const char *end;
    uint64_t value;
    if (number(text, &end, &value) < 0)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0)
            return scale(value, units[i].ms, milliseconds);
    return -1;
}

static int parse_size(const struct tenure_option *option, const char *text)
{
    return tenure_parse_size(text, option->value);
}

static int parse_extent(const struct tenure_option *option, const char *text)
{
    return parse_size(option, text) == 0 && *(uint64_t *)option->value > 0 ? 0
                                                                           : -1;
}

static int parse_duration(const struct tenure_option *option, const char *text)
{
    return tenure_parse_duration(text, option->value);
}

static int parse_choice(const struct tenure_option *option, const char *text)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *(int *)option->value = i;
            return 0;
        }
    }
    return -1;
}

const struct tenure_option_type tenure_type_flag = {"", true, parse_flag};
const struct tenure_option_type tenure_type_text = {"a text", false,
                                                    parse_text};
const struct tenure_option_type tenure_type_optional = {"a text", false,
                                                        parse_optional};
const struct tenure_option_type tenure_type_texts = {"a text", false,
                                                     parse_texts};
const struct tenure_option_type tenure_type_count = {"a whole number", false,
                                                     parse_count};
const struct tenure_option_type tenure_type_some = {"a whole number from 1",
                                                    false, parse_some};
const struct tenure_option_type tenure_type_size = {
    "a size such as 4096, 64K or 10MiB", false, parse_size};
const struct tenure_option_type tenure_type_extent = {
    "a size from 1 byte, such as 4096, 64K or 10MiB", false, parse_extent};
const struct tenure_option_type tenure_type_duration = {
    "a time such as 500ms, 30s or 5m", false, parse_duration};
const struct tenure_option_type tenure_type_choice = {"one of", false,
                                                      parse_choice};

/* "one of text, json", or what the type says. */
static void wanted(const struct tenure_option *option, char *text, size_t bytes)
{
    size_t used = (size_t)snprintf(text, bytes, "%s", option->type->wants);
    const char *between = " ";
    for (int i = 0; option->choices && option->choices[i]; i++) {
        if (used >= bytes)
            return;
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", between,
                                 option->choices[i]);
        between = ", ";
    }
}

static const char default_metavar[] = "X";

/* "  -n, --top=N", at most as wide as the help's first column. */
static int label(const struct tenure_option *option, char *text, size_t bytes)
{
    char letter[5] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    const char *metavar = option->metavar ? option->metavar : default_metavar;
    bool optional = option->type == &tenure_type_optional;
    return snprintf(text, bytes, "  %s--%s%s%s%s", letter, option->name,
                    option->type->bare ? ""
                    : optional         ? "[="
                                       : "=",
                    option->type->bare ? "" : metavar, optional ? "]" : "");
}

static void print_help(const struct tenure_usage *usage)
{
    enum { LABEL_MAX = 64 };
    char text[LABEL_MAX];
    int width = 0;
    printf("Usage: tenure %s\n\n%s\n\nOptions:\n", usage->synopsis,
           usage->purpose);
    for (const struct tenure_option *at = usage->options; at->name; at++) {
        int wide = label(at, text, sizeof text);
        width = wide > width ? wide : width;
    }
    width = width < 12 ? 12 : width;
    for (const struct tenure_option *at = usage->options; at->name; at++) {
        label(at, text, sizeof text);
        printf("%-*s  ", width, text);
        for (const char *c = at->help; *c; c++) {
            putchar(*c);
            if (*c == '\n')
                printf("%*s", width + 2, "");
        }
        putchar('\n');
    }
    printf("%-*s  show this help\n", width, "  -h, --help");
}

static int wrong_option(int result, const char *given, const char *command)
{
    if (result == ':')
        tenure_complain("option '%s' needs a value; see tenure %s --help",
                        given, command);
    else if (strchr(given, '=') && result == '?' && optopt >= FIRST_LONG)
        tenure_complain("option '%.*s' takes no value; see tenure %s --help",
                        (int)strcspn(given, "="), given, command);
    else if (given[0] == '-' && given[1] != '-' && given[1])
        tenure_complain("unknown option '-%c'; see tenure %s --help", optopt,
                        command);
    else
        tenure_complain("unknown option '%s'; see tenure %s --help", given,
                        command);
    return TENURE_OPTIONS_WRONG;
}

/* getopt_long's two tables, made from ours. */
struct tables {
    struct option longs[OPTIONS_MAX + 2];
    char shorts[2 * OPTIONS_MAX + 8];
};

static void make_tables(const struct tenure_usage *usage, struct tables *to)
{
    char *letter = to->shorts;
    struct option *at = to->longs;
    if (usage->stops_at_argument)
        *letter++ = '+';
    *letter++ = ':';
    for (int i = 0; i < OPTIONS_MAX && usage->options[i].name; i++) {
        const struct tenure_option *option = &usage->options[i];
        int argument = option->type->bare ? no_argument
                       : option->type == &tenure_type_optional
                           ? optional_argument
                           : required_argument;
        *at++ = (struct option){option->name, argument, NULL, FIRST_LONG + i};
        if (option->letter)
            *letter++ = option->letter;
        if (option->letter && argument)
            *letter++ = ':';
    }
    *at++ = (struct option){"help", no_argument, NULL, 'h'};
    *at = (struct option){0};
    *letter++ = 'h';
    *letter = 0;
}

static const struct tenure_option *find(const struct tenure_usage *usage,
                                        int result)
{
    const struct tenure_option *at = usage->options;
    if (result >= FIRST_LONG)
        return at + (result - FIRST_LONG);
    while (at->name && at->letter != result)
        at++;
    return at;
}

int tenure_options_parse(int argc, char **argv,
                         const struct tenure_usage *usage)
{
    struct tables tables = {0};
    make_tables(usage, &tables);
    optind = 0; /* start over: an earlier parse may have been cut short */
    opterr = 0;
    for (;;) {
        int before = optind > 0 ? optind : 1;
        int result = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (result == -1)
            return optind;
        if (result == 'h') {
            print_help(usage);
            return TENURE_OPTIONS_HELP;
        }
        /* After the call optind is past the option, except inside a group
         * of letters. */
        const char *given = argv[optind > before ? optind - 1 : before];
        if (result == '?' || result == ':')
            return wrong_option(result, given, argv[0]);
        const struct tenure_option *option = find(usage, result);
        if (option->type->parse(option, optarg) < 0) {
            char wants[256];
            wanted(option, wants, sizeof wants);
            tenure_complain("--%s wants %s, not '%s'; see tenure %s --help",
                            option->name, wants, optarg, argv[0]);
            return TENURE_OPTIONS_WRONG;
        }
    }
}

int tenure_options_status(int result)
{
    return result == TENURE_OPTIONS_HELP ? TENURE_EXIT_OK : TENURE_EXIT_USAGE;
}
