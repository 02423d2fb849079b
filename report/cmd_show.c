/*
 * tenure show: what one snapshot holds.
 */
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/view.h"

static struct tenure_view_choice choice = {
    .top = 20, .depth = 12, .sort = TENURE_SORT_BYTES};

static const struct tenure_option options[] = {
    TENURE_VIEW_OPTIONS(&choice),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "show [OPTIONS] SNAPSHOT",
    "Shows one snapshot: memory of the process, generations, threads, and the\n"
    "call stacks that hold most (--sort=count: most blocks). Mappings are\n"
    "kept apart from blocks.",
    options, false};

int tenure_cmd_show(int argc, char **argv)
{
    struct tenure_outcome outcome;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first != 1)
        return tenure_complain(argc == first
                                   ? "no snapshot given; see tenure show "
                                     "--help"
                                   : "one snapshot at a time; tenure diff "
                                     "compares them");
    return tenure_view_print("show", argv + first, 1, &choice,
                             &tenure_out_text_show, &outcome);
}
