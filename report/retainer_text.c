/*
 * Steps of ways in words.
 *
 * A step comes in and its text goes out, the same for a terminal, a log and
 * a line of CI.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/retainer.h"
#include "report/words.h"

const char *tenure_step_kind(const struct tenure_step *step)
{
    static const char *const names[] = {
        "unknown", "global", "stack", "register", "tls",
        "mapping", "kernel", "user",  "block",    "loader",
        "table",   "blocks", "chain",
    };
    return step->kind < sizeof names / sizeof *names ? names[step->kind]
                                                     : names[0];
}

const char *tenure_step_name(const struct tenure_step *step, char *text,
                             size_t bytes)
{
    snprintf(text, bytes, "%s%s%s%s", step->what, *step->where ? " (" : "",
             step->where, *step->where ? ")" : "");
    return text;
}

/* A pointer of a global by its member; without types by its offset. */
static void global_text(const struct tenure_step *step, char *text,
                        size_t bytes)
{
    char offset[32] = "";
    if (step->offset > 0)
        snprintf(offset, sizeof offset, "+0x%" PRIx64, step->offset);
    const char *many = step->several && (step->is_array || !*step->member)
                           ? ", many of its words"
                           : "";
    if (*step->member)
        snprintf(text, bytes, "global `%s`%s (%s)", step->member, many,
                 step->where);
    else if (step->several)
        snprintf(text, bytes, "%s%s (%s)", step->what, many, step->where);
    else
        snprintf(text, bytes, "%s%s%s%s%s", step->what, offset,
                 *step->where ? " (" : "", step->where,
                 *step->where ? ")" : "");
}

/* "one block", or "3 blocks in a row". */
static const char *counted(const struct tenure_step *step, const char *one,
                           const char *more, char *text, size_t bytes)
{
    if (step->times == 1)
        return one;
    snprintf(text, bytes, "%u %s", step->times, more);
    return text;
}

/* `what` is "block of node_new". */
static void block_text(const struct tenure_step *step, const char *blocks,
                       char *text, size_t bytes)
{
    bool named = *step->member != 0;
    snprintf(text, bytes, "%s%s, at %s%s+0x%" PRIx64 "%s", blocks,
             step->what + strlen("block"), step->member, named ? " (" : "",
             step->offset, named ? ")" : "");
}

/* The array, if the words are of one. */
static void table_text(const struct tenure_step *step, char *text, size_t bytes)
{
    const char *index = strchr(step->member, '[');
    int length = index != NULL ? (int)(index - step->member) : 0;
    snprintf(text, bytes, "one %s, many of its words%s%.*s%s", step->what,
             length > 0 ? " (" : "", length, step->member,
             length > 0 ? "[])" : "");
}

const char *tenure_step_text(const struct tenure_step *step, char *text,
                             size_t bytes)
{
    char blocks[64];
    switch (step->kind) {
    case TENURE_RETAINER_GLOBAL:
        global_text(step, text, bytes);
        break;
    case TENURE_RETAINER_BLOCK:
        block_text(step,
                   counted(step, "one block", "blocks in a row", blocks,
                           sizeof blocks),
                   text, bytes);
        break;
    case TENURE_RETAINER_TABLE:
        table_text(step, text, bytes);
        break;
    case TENURE_RETAINER_BLOCKS:
        block_text(
            step,
            counted(step, "blocks", "layers of blocks", blocks, sizeof blocks),
            text, bytes);
        break;
    case TENURE_RETAINER_CHAIN:
        block_text(step,
                   counted(step, "a chain of blocks", "chains of blocks",
                           blocks, sizeof blocks),
                   text, bytes);
        break;
    default:
        tenure_step_name(step, text, bytes);
    }
    return text;
}

const char *tenure_way_text(struct tenure_retainers *all, uint32_t call,
                            char *text, size_t bytes)
{
    struct tenure_words words = tenure_words_in(text, bytes);
    char part[2300];
    uint32_t count;
    const struct tenure_step *step = tenure_retainers_of(all, call, &count);
    for (uint32_t i = 0; i < count && step[i].way == 0; i++)
        tenure_say(&words, "%s%s",
                   i == 0                          ? ""
                   : tenure_step_is_root(&step[i]) ? " and "
                                                   : " -> ",
                   tenure_step_text(&step[i], part, sizeof part));
    return text;
}
