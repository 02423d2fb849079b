/*
 * tenure diff: Chrome's comparison of two snapshots; of three and more, the
 * trend of each site and a verdict.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "report/command.h"
#include "report/directory.h"
#include "report/message.h"
#include "report/options.h"
#include "report/view.h"

static struct tenure_view_choice choice = {
    .top = 20, .depth = 12, .sort = TENURE_SORT_DELTA};

static uint64_t leak_status = TENURE_EXIT_LEAK;

static const struct tenure_option options[] = {
    TENURE_VIEW_OPTIONS(&choice),
    {"explain", 0, "SITE", &choice.explain, &tenure_type_text, NULL,
     "the generations of a site and each test of its\nverdict; SITE is its "
     "id or how that begins"},
    {"three-snapshot", 0, NULL, &choice.three, &tenure_type_flag, NULL,
     "of BASE TARGET FINAL: what was born between the\nfirst two and is alive "
     "in the third"},
    {"exit-code", 0, "N", &leak_status, &tenure_type_count, NULL,
     "end with N instead of 1 if there is a leak"},
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "diff [OPTIONS] A B [C...]|DIRECTORY",
    "Compares snapshots of one process, given in any order, or all in a\n"
    "directory.\n"
    "\n"
    "Two: what every call stack allocated, freed and kept between them.\n"
    "  # New        blocks that are only in the second  Alloc. Size  theirs\n"
    "  # Deleted    blocks that are only in the first   Freed Size   theirs\n"
    "  # Delta      # New - # Deleted\n"
    "  Grown        what realloc added to blocks that are in both\n"
    "  Size Delta   Alloc. Size - Freed Size + Grown\n"
    "Three and more: the course of each call stack's live bytes, its class\n"
    "(leak, cache, one-off ...), how fast it grows and why we think so; with\n"
    "--group-by, the columns above between the first and the last.\n"
    "\n"
    "Exit status: 0 clean, 1 leak, 2 unusable input, 3 inconclusive (two\n"
    "snapshots show what changed; a verdict needs four or more).",
    options, false};

static const struct tenure_output *output_for(int snapshots)
{
    if (choice.explain)
        return &tenure_out_text_explain;
    if (choice.three)
        return &tenure_out_text_three;
    return snapshots > 2 && choice.group == TENURE_GROUP_SITE
               ? &tenure_out_text_trend
               : &tenure_out_text_diff;
}

static int status_of(enum tenure_verdict verdict)
{
    return verdict == TENURE_VERDICT_LEAK ? (int)leak_status
                                          : tenure_verdict_status(verdict);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int tenure_cmd_diff(int argc, char **argv)
{
    static struct tenure_arena files;
    struct tenure_outcome outcome;
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    char **paths = argv + first;
    int snapshots = argc - first;
    if (leak_status > 255)
        return tenure_complain("--exit-code=%" PRIu64
                               " is no exit status; "
                               "give 0 to 255",
                               leak_status);
    if (snapshots == 1 && is_directory(paths[0]))
        snapshots = tenure_directory_of_one(paths[0], &paths, &files, &why);
    if (snapshots < 0)
        return tenure_complain("%s", why.text);
    if (choice.three && snapshots != 3)
        return tenure_complain(
            "--three-snapshot needs exactly three: BASE "
            "TARGET FINAL");
    if (snapshots < 2)
        return tenure_complain(
            "two or more snapshots are needed; see tenure "
            "diff --help");
    int status = tenure_view_print("diff", paths, (uint32_t)snapshots, &choice,
                                   output_for(snapshots), &outcome);
    return status != 0 ? status : status_of(outcome.verdict);
}
