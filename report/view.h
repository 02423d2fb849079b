/*
 * What a command hands to an output format: the joined series, names, and
 * how it was asked to be shown. One output format is one out_FORMAT.c with
 * one descriptor.
 */
#ifndef TENURE_REPORT_VIEW_H
#define TENURE_REPORT_VIEW_H

#include "report/lines.h"
#include "report/outcome.h"
#include "report/text.h"

struct tenure_view {
    const char *command; /* "show", "diff" */
    const struct tenure_series *series;
    struct tenure_symbols *symbols;
    struct tenure_retainers *retainers; /* while an output needs them */
    struct tenure_judgement judgement;
    struct tenure_findings findings; /* names of the accused are resolved */
    struct tenure_outcome outcome;
    enum tenure_sort sort;
    enum tenure_group group;
    uint64_t top;        /* lines of a list; 0 = all */
    uint64_t depth;      /* frames of a stack; 0 = all */
    const char *explain; /* the beginning of a site's id, or NULL */
    bool three;          /* the three-snapshot method */
    bool objects;        /* single blocks */
    int status;          /* set by an output that complained: exit so */
    /* Of check: the rule that suppresses a site, or NULL. */
    const char *(*suppressed_by)(const void *gate,
                                 const struct tenure_site *site);
    const void *gate; /* its argument */
    struct tenure_paper paper;
};

struct tenure_output {
    const char *name; /* as --format calls it */
    void (*print)(struct tenure_view *view);
};

extern const struct tenure_output tenure_out_text_show, tenure_out_text_diff,
    tenure_out_text_trend, tenure_out_text_explain, tenure_out_text_three,
    tenure_out_text_objects, tenure_out_text_retainer, tenure_out_json;

/* The options that show and diff have in common, and what they fill; a
 * command puts TENURE_VIEW_OPTIONS(&choice) into its table. */
struct tenure_view_choice {
    uint64_t top, depth;
    int sort, group, format, colour;
    const char *explain;
    bool three, objects;
};
extern const char *const tenure_format_names[]; /* text, json */
/* clang-format off */
#define TENURE_VIEW_OPTIONS(choice)                                           \
    {"top", 'n', "N", &(choice)->top, &tenure_type_count, NULL,               \
     "show the first N of a list (0: all)"},                                  \
        {"sort", 0, "KEY", &(choice)->sort, &tenure_type_choice,              \
         tenure_sort_names,                                                   \
         "delta (Size Delta), bytes (live bytes) or\ncount (# Delta)"},       \
        {"group-by", 0, "WHAT", &(choice)->group, &tenure_type_choice,        \
         tenure_group_names,                                                  \
         "site, function, module, thread, or type: the C++\nclass that "       \
         "the objects of a site are of, which major\nsnapshots know"},         \
        {"depth", 0, "N", &(choice)->depth, &tenure_type_count, NULL,         \
         "show N frames of each stack (0: all of them,\n"                     \
         "with those that start a program)"},                             \
        {"format", 0, "FORMAT", &(choice)->format, &tenure_type_choice,       \
         tenure_format_names, "text or json (never cut)"},                    \
        {"color", 0, "WHEN", &(choice)->colour, &tenure_type_choice,          \
         tenure_colour_names, "auto, always or never"}
/* clang-format on */

/* Opens the snapshots, fills `outcome`, prints with `text` or as JSON, and
 * leaves the outcome in `outcome`. 0, or an exit status after a message. */
int tenure_view_print(const char *command, char *const *paths, uint32_t count,
                      const struct tenure_view_choice *choice,
                      const struct tenure_output *text,
                      struct tenure_outcome *outcome);

#endif
