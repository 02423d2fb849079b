/*
 * Findings: the words that every output format says about one.
 */
#include "report/charge.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *tenure_charge_title(const struct tenure_charge *charge)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    if (stack->depth == 0)
        return "(no stack)";
    const struct tenure_charge_frame *frame = &stack->at[stack->title];
    if (*frame->function)
        return frame->function;
    const char *slash = strrchr(frame->module, '/');
    return slash ? slash + 1 : *frame->module ? frame->module : "(no name)";
}

/* Sources of the compiler's and the system's own code, which may be known by
 * their debug information but which nobody here will edit. */
static bool is_foreign(const char *file)
{
    static const char *const beginnings[] = {"/usr/include/", "/usr/lib/",
                                             "/usr/src/", "./", "../"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(file, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

const struct tenure_charge_frame *
tenure_charge_place(const struct tenure_charge *charge)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    for (uint32_t i = stack->title; i < stack->depth; i++) {
        const struct tenure_charge_frame *frame = &stack->at[i];
        if (*frame->file && frame->line > 0 && !is_foreign(frame->file))
            return frame;
    }
    return NULL;
}

bool tenure_charge_is_of(const struct tenure_charge *charge,
                         const struct tenure_site *site)
{
    bool is = charge->site == site;
    for (uint32_t i = 0; i < charge->other_count; i++)
        is |= charge->others[i] == site;
    return is;
}

uint32_t tenure_charge_depth(const struct tenure_charge_stack *stack)
{
    static const char *const starts[] = {"_start",
                                         "__libc_start_main",
                                         "__libc_start_main_impl",
                                         "clone",
                                         "__libc_start_call_main",
                                         "start_thread",
                                         "__clone3",
                                         "clone3"};
    uint32_t depth = stack->depth;
    bool more = true;
    while (depth > stack->title + 1 && more) {
        more = false;
        for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
            more |= strcmp(stack->at[depth - 1].function, starts[i]) == 0;
        depth -= more;
    }
    return depth;
}

static bool is_identifier(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_')
            return false;
    return true;
}

const char *tenure_charge_frame_place(const struct tenure_charge_frame *frame,
                                      char *text, size_t bytes)
{
    const char *slash = strrchr(frame->module, '/');
    snprintf(text, bytes, "%s+0x%llx", slash ? slash + 1 : frame->module,
             (unsigned long long)frame->offset);
    return text;
}

const char *tenure_charge_suppression(const struct tenure_charge *charge,
                                      char *text, size_t bytes)
{
    static const struct tenure_charge_frame nowhere = {.function = "(no stack)",
                                                       .module = ""};
    const struct tenure_charge_stack *stack = &charge->stack;
    const struct tenure_charge_frame *frame =
        stack->depth > 0 ? &stack->at[stack->title] : &nowhere;
    char place[256];
    /* A C function by its whole name; of another language the parameters,
     * which others print, may follow. Where there is no name, by its place:
     * the names around it are those of half the program. */
    if (!*frame->function)
        snprintf(text, bytes, "leak:%s",
                 tenure_charge_frame_place(frame, place, sizeof place));
    else
        snprintf(text, bytes, "leak:^%s%s", frame->function,
                 is_identifier(frame->function) ? "$" : "");
    return text;
}

const char *tenure_charge_state_name(enum tenure_charge_state state)
{
    static const char *const names[] = {[TENURE_CHARGE_FAILS] = "fails",
                                        [TENURE_CHARGE_ALLOWED] = "allowed",
                                        [TENURE_CHARGE_KNOWN] = "known",
                                        [TENURE_CHARGE_SUPPRESSED] =
                                            "suppressed"};
    return names[state];
}
