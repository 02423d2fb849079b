/*
 * tenure show: what one snapshot holds.
 */
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/view.h"

static struct tenure_view_choice choice = {
    .top = 20, .depth = 12, .sort = TENURE_SORT_BYTES};

static const char *objects; /* of this site; "" = of all */

static const struct tenure_option options[] = {
    {"objects", 0, "SITE", &objects, &tenure_type_optional, NULL,
     "list single blocks, the largest and oldest first:\n"
     "all, or those of the call stack with this id"},
    TENURE_VIEW_OPTIONS(&choice),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "show [OPTIONS] SNAPSHOT",
    "Shows one snapshot: memory of the process, generations, threads, and the\n"
    "call stacks that hold most (--sort=count: most blocks). Mappings are\n"
    "kept apart from blocks. Single blocks can be listed if the snapshot was\n"
    "taken with --objects.",
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
    choice.objects = objects != NULL;
    choice.explain = objects && *objects ? objects : NULL;
    return tenure_view_print(
        "show", argv + first, 1, &choice,
        objects ? &tenure_out_text_objects : &tenure_out_text_show, &outcome);
}
