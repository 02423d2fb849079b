/*
 * Command-line options as a table, over getopt_long.
 *
 * A command keeps a static table next to the code that uses the values:
 *
 *     static uint64_t top = 20;
 *     static const struct tenure_option options[] = {
 *         {"top", 'n', "N", &top, &tenure_type_count, NULL, "show N sites"},
 *         {"all", 0, NULL, &all, &tenure_type_flag, NULL, "show every site"},
 *         TENURE_OPTIONS_END
 *     };
 *     static const struct tenure_usage usage = {
 *         "diff [OPTIONS] A B [C...]", "Compares snapshots ...", options};
 *
 *     int first = tenure_options_parse(argc, argv, &usage);
 *     if (first < 0)
 *         return tenure_options_status(first);
 *     ... argv[first] is the first argument that is not an option
 *
 * --help (-h) needs no row. Values point into argv and live as long as it.
 */
#ifndef TENURE_REPORT_OPTIONS_H
#define TENURE_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct tenure_option;

/* How the text of an option becomes a value. */
struct tenure_option_type {
    const char *wants; /* for the message: "a size such as 64K or 10MiB" */
    bool bare;         /* takes no argument: `text` is NULL */
    /* Stores the value at option->value; 0, or -1 if the text is wrong. */
    int (*parse)(const struct tenure_option *option, const char *text);
};

extern const struct tenure_option_type
    tenure_type_flag,     /* bool: true if given */
    tenure_type_text,     /* const char * */
    tenure_type_optional, /* const char *: "" if given without a value */
    tenure_type_count,    /* uint64_t, decimal */
    tenure_type_some,     /* the same, not 0 */
    tenure_type_size,     /* uint64_t bytes: 4096, 64K, 10MiB, 1G */
    tenure_type_extent,   /* the same, not 0 */
    tenure_type_duration, /* uint64_t milliseconds: 500ms, 30s, 5m, 2h */
    tenure_type_choice,   /* int: index into option->choices */
    tenure_type_texts;    /* struct tenure_texts: may be given again */

/* Of tenure_type_texts; grows in place, never freed before exit. */
struct tenure_texts {
    const char **at;
    uint32_t count;
};

struct tenure_option {
    const char *name;    /* long name without dashes; NULL ends the table */
    char letter;         /* short name, or 0 */
    const char *metavar; /* what the help calls the argument, or NULL */
    void *value;
    const struct tenure_option_type *type;
    const char *const *choices; /* of a choice: names, then NULL */
    const char *help;
};
#define TENURE_OPTIONS_END                                                     \
    {                                                                          \
        0                                                                      \
    }

struct tenure_usage {
    const char *synopsis; /* "diff [OPTIONS] A B [C...]" */
    const char *purpose;  /* sentences, for --help */
    const struct tenure_option *options;
    bool stops_at_argument; /* what follows the first argument is not ours */
};

#define TENURE_OPTIONS_HELP (-1)  /* the help was printed */
#define TENURE_OPTIONS_WRONG (-2) /* the mistake was named on stderr */

/* Fills the values; the index of the first argument (arguments are moved
 * behind the options), or one of the two above. */
int tenure_options_parse(int argc, char **argv,
                         const struct tenure_usage *usage);

/* The exit status for a negative result of the above. */
int tenure_options_status(int result);

/* The texts themselves, for other grammars; 0, or -1 if wrong. */
int tenure_parse_size(const char *text, uint64_t *bytes);
int tenure_parse_duration(const char *text, uint64_t *milliseconds);

#endif
