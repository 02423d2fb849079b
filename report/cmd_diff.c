/*
 * tenure diff: Chrome's comparison of the first and the last snapshot.
 */
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/view.h"

static struct tenure_view_choice choice = {
    .top = 20, .depth = 12, .sort = TENURE_SORT_DELTA};

static const struct tenure_option options[] = {
    TENURE_VIEW_OPTIONS(&choice),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "diff [OPTIONS] A B [C...]",
    "Compares snapshots of one process, given in any order: what every call\n"
    "stack allocated, freed and kept between the first and the last of them.\n"
    "\n"
    "  # New        blocks that are only in the last    Alloc. Size  theirs\n"
    "  # Deleted    blocks that are only in the first   Freed Size   theirs\n"
    "  # Delta      # New - # Deleted\n"
    "  Grown        what realloc added to blocks that are in both\n"
    "  Size Delta   Alloc. Size - Freed Size + Grown\n"
    "\n"
    "Exit status: 0 clean, 1 leak, 2 unusable input, 3 inconclusive (two\n"
    "snapshots show what changed; a verdict needs four or more).",
    options, false};

int tenure_cmd_diff(int argc, char **argv)
{
    struct tenure_outcome outcome;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first < 2)
        return tenure_complain(
            "two or more snapshots are needed; see tenure "
            "diff --help");
    int status =
        tenure_view_print("diff", argv + first, (uint32_t)(argc - first),
                          &choice, &tenure_out_text_diff, &outcome);
    return status != 0 ? status : tenure_verdict_status(outcome.verdict);
}
