/*
 * Which rule suppresses which charge.
 *
 * A rule with a ceiling is judged by all that it matches, so rules are
 * applied in rounds: a rule found to be over its ceiling is out, and what it
 * matched goes to the next one.
 */
#include "report/suppress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/pattern.h"
#include "report/words.h"

void tenure_suppressions_open(struct tenure_suppressions *list)
{
    time_t now = time(NULL);
    struct tm utc;
    *list = (struct tenure_suppressions){0};
    if (gmtime_r(&now, &utc))
        list->today = (uint32_t)((utc.tm_year + 1900) * 10000 +
                                 (utc.tm_mon + 1) * 100 + utc.tm_mday);
}

void tenure_suppressions_drop(struct tenure_suppressions *list)
{
    free(list->at);
    tenure_arena_drop(&list->arena);
    *list = (struct tenure_suppressions){0};
}

struct tenure_rule *tenure_suppressions_add(struct tenure_suppressions *list,
                                            const struct tenure_rule *rule)
{
    list->at =
        tenure_grow(list->at, list->count, &list->room, sizeof *list->at);
    list->at[list->count] = *rule;
    return &list->at[list->count++];
}

/* LeakSanitizer's, and the place of a frame without a name. */
static bool any_matches(const char *pattern,
                        const struct tenure_charge_frame *frame)
{
    char place[256];
    return tenure_pattern_in(pattern, frame->function) ||
           tenure_pattern_in(pattern, frame->file) ||
           tenure_pattern_in(pattern, frame->module) ||
           (!*frame->function &&
            tenure_pattern_in(pattern, tenure_charge_frame_place(
                                           frame, place, sizeof place)));
}

static bool frame_matches(const struct tenure_rule_frame *rule,
                          const struct tenure_charge_frame *frame)
{
    switch (rule->what) {
    case TENURE_RULE_ANY_OF_ITS:
        return any_matches(rule->pattern, frame);
    case TENURE_RULE_FUNCTION:
        return tenure_pattern_is(rule->pattern, frame->function);
    case TENURE_RULE_OBJECT:
        return tenure_pattern_is(rule->pattern, frame->module);
    case TENURE_RULE_SOURCE:
        return tenure_pattern_is(rule->pattern, frame->file);
    case TENURE_RULE_FRAMES:
        return true;
    }
    return false;
}

/* Valgrind's: the rule's frames from the innermost on; what is left of the
 * stack does not matter. `...` goes back to the last one only, as a `*` does
 * in a text. */
static bool frames_match(const struct tenure_rule_frame *rule, uint32_t count,
                         const struct tenure_charge_stack *stack)
{
    uint32_t at = 0, frame = 0, dots = UINT32_MAX, from = 0;
    while (at < count) {
        if (rule[at].what == TENURE_RULE_FRAMES) {
            dots = ++at;
            from = frame;
        } else if (frame < stack->depth &&
                   frame_matches(&rule[at], &stack->at[frame])) {
            at++;
            frame++;
        } else if (dots != UINT32_MAX && from < stack->depth) {
            at = dots;
            frame = ++from;
        } else {
            return false;
        }
    }
    return true;
}

/* In Valgrind's stacks the allocation function is a frame; ours begin with
 * its caller. */
static bool is_allocation(const struct tenure_rule_frame *rule)
{
    static const char *const names[] = {
        "malloc",       "calloc",         "realloc",
        "memalign",     "posix_memalign", "aligned_alloc",
        "operator new", "strdup",         "operator new[]",
        "valloc",       "pvalloc",        "_Znwm",
        "_Znam",        "reallocarray",   "_ZnwmSt11align_val_t"};
    if (rule->what == TENURE_RULE_OBJECT)
        return strstr(rule->pattern, "vgpreload") != NULL;
    if (rule->what != TENURE_RULE_FUNCTION)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (tenure_pattern_is(rule->pattern, names[i]))
            return true;
    return false;
}

bool tenure_rule_matches(const struct tenure_rule *rule,
                         const struct tenure_charge *charge)
{
    bool lost = charge->class == TENURE_CLASS_LOST;
    const struct tenure_charge_stack *stack = &charge->stack;
    if (lost ? !rule->lost : !rule->reachable)
        return false;
    if (rule->frames[0].what != TENURE_RULE_ANY_OF_ITS)
        return frames_match(rule->frames, rule->frame_count, stack) ||
               (rule->frame_count > 1 && is_allocation(rule->frames) &&
                frames_match(rule->frames + 1, rule->frame_count - 1, stack));
    for (uint32_t i = 0; i < stack->depth; i++)
        if (frame_matches(rule->frames, &stack->at[i]))
            return true;
    return false;
}

bool tenure_rule_expired(const struct tenure_rule *rule, uint32_t today)
{
    return rule->until && rule->until < today;
}

static bool is_over(const struct tenure_rule *rule)
{
    return rule->bytes > rule->max_bytes;
}

const char *tenure_rule_name(const struct tenure_rule *rule, char *text,
                             size_t bytes)
{
    snprintf(text, bytes, "%s (%s)", rule->text, rule->source);
    return text;
}

static void say_why_not(struct tenure_suppressions *list,
                        const struct tenure_rule *rule,
                        struct tenure_charge *charge)
{
    char text[512], name[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    tenure_rule_name(rule, name, sizeof name);
    if (tenure_rule_expired(rule, list->today)) {
        tenure_say(&words, "the suppression %s ended on %04u-%02u-%02u", name,
                   rule->until / 10000, rule->until / 100 % 100,
                   rule->until % 100);
    } else {
        tenure_say(&words, "the suppression %s allows ", name);
        tenure_say_bytes(&words, (double)rule->max_bytes);
        tenure_say(&words, ", and this is ");
        tenure_say_bytes(&words, (double)rule->bytes);
    }
    charge->because = tenure_arena_text(&list->arena, text, strlen(text));
}

static void forget(struct tenure_rule *rule)
{
    rule->charges = 0;
    rule->blocks = rule->bytes = 0;
}

/* What is below lost blocks goes with them. */
static struct tenure_rule *rule_for(const struct tenure_suppressions *list,
                                    const struct tenure_charge *charges,
                                    size_t i, const bool *out)
{
    for (size_t r = 0; r < list->count; r++)
        if (!out[r] && tenure_rule_matches(&list->at[r], &charges[i]))
            return &list->at[r];
    if (charges[i].above == 0 || !charges[charges[i].above - 1].rule)
        return NULL;
    return &list->at[charges[charges[i].above - 1].rule - list->at];
}

/* `out[rule]` are those that do not hold; true if there is a new one. */
static bool one_round(struct tenure_suppressions *list,
                      struct tenure_charge *charges, size_t count,
                      const bool *out)
{
    for (size_t r = 0; r < list->count; r++)
        if (!out[r])
            forget(&list->at[r]);
    for (size_t i = 0; i < count; i++) {
        struct tenure_charge *charge = &charges[i];
        struct tenure_rule *rule = rule_for(list, charges, i, out);
        charge->rule = rule;
        if (rule) {
            rule->charges++;
            rule->blocks += charge->blocks;
            rule->bytes += charge->bytes;
        }
    }
    for (size_t r = 0; r < list->count; r++)
        if (!out[r] && is_over(&list->at[r]))
            return true;
    return false;
}

/* An expired rule is not unused as long as there is something it would be
 * for; nor does it suppress. */
static void look_at_expired(struct tenure_suppressions *list,
                            struct tenure_charge *charges, size_t count)
{
    for (size_t r = 0; r < list->count; r++) {
        struct tenure_rule *rule = &list->at[r];
        if (!tenure_rule_expired(rule, list->today))
            continue;
        for (size_t i = 0; i < count; i++)
            rule->charges += tenure_rule_matches(rule, &charges[i]);
    }
}

static void settle(struct tenure_suppressions *list,
                   struct tenure_charge *charge, const bool *out)
{
    if (charge->rule) {
        charge->state = TENURE_CHARGE_SUPPRESSED;
        char name[512];
        tenure_rule_name(charge->rule, name, sizeof name);
        charge->because = tenure_arena_text(&list->arena, name, strlen(name));
        return;
    }
    for (size_t r = 0; r < list->count; r++) {
        if (out[r] && tenure_rule_matches(&list->at[r], charge)) {
            say_why_not(list, &list->at[r], charge);
            return;
        }
    }
}

void tenure_suppressions_apply(struct tenure_suppressions *list,
                               struct tenure_charge *charges, size_t count)
{
    bool *out = tenure_zeroed(list->count + 1, sizeof *out);
    for (size_t r = 0; r < list->count; r++)
        out[r] = tenure_rule_expired(&list->at[r], list->today);
    while (one_round(list, charges, count, out))
        for (size_t r = 0; r < list->count; r++)
            out[r] |= is_over(&list->at[r]);
    look_at_expired(list, charges, count);
    for (size_t i = 0; i < count; i++)
        settle(list, &charges[i], out);
    free(out);
}
