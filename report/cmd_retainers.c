/*
 * tenure retainers: who holds the blocks of a site.
 */
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/view.h"

static struct tenure_view_choice choice = {.depth = 12,
                                           .sort = TENURE_SORT_BYTES};

static const struct tenure_option options[] = {
    {"depth", 0, "N", &choice.depth, &tenure_type_count, NULL,
     "show N frames of each stack (0: all of them,\n"
     "with those that start a program)"},
    {"color", 0, "WHEN", &choice.colour, &tenure_type_choice,
     tenure_colour_names, "auto, always or never"},
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "retainers [OPTIONS] SNAPSHOT SITE",
    "Shows who holds the blocks of a call stack in a major snapshot: the way\n"
    "from a global, a stack or another root over other blocks to them. SITE\n"
    "is its id or how that begins, as tenure show prints it. For programs:\n"
    "tenure show --format=json has the ways of all sites.",
    options, false};

int tenure_cmd_retainers(int argc, char **argv)
{
    struct tenure_outcome outcome;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first != 2)
        return tenure_complain(
            "a snapshot and a site are needed; see tenure retainers --help");
    choice.explain = argv[first + 1];
    return tenure_view_print("retainers", argv + first, 1, &choice,
                             &tenure_out_text_retainer, &outcome);
}
