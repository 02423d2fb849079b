/*
 * Finding charges in a baseline.
 */
#include "report/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "report/words.h"

#define WORSE 1.5        /* times as much is more than noise */
#define WORSE_BYTES 4096 /* less than a page is noise */

void tenure_baseline_drop(struct tenure_baseline *baseline)
{
    free(baseline->at);
    tenure_arena_drop(&baseline->arena);
    *baseline = (struct tenure_baseline){0};
}

static const char *keep(struct tenure_baseline *baseline, const char *text)
{
    return tenure_arena_text(&baseline->arena, text, strlen(text));
}

void tenure_baseline_add(struct tenure_baseline *baseline,
                         const struct tenure_charge *charge)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    const char **functions = tenure_arena_take(
        &baseline->arena, stack->depth + 1, sizeof *functions);
    for (uint32_t i = 0; i < stack->depth; i++)
        functions[i] = keep(baseline, stack->at[i].function);
    baseline->at = tenure_grow(baseline->at, baseline->count, &baseline->room,
                               sizeof *baseline->at);
    baseline->at[baseline->count++] = (struct tenure_known){
        .id = charge->id,
        .class = tenure_class_name(charge->class),
        .title = keep(baseline, tenure_charge_title(charge)),
        .thread = keep(baseline, charge->thread),
        .functions = functions,
        .depth = stack->depth,
        .bytes = charge->bytes,
        .blocks = charge->blocks,
        .work = charge->work};
}

/* Are the named functions of the shorter stack those of the longer one, in
 * order, with at most as many left out as there are? */
static bool same_functions(const struct tenure_known *known,
                           const struct tenure_charge *charge)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    bool known_is_longer = known->depth > stack->depth;
    uint32_t longer = known_is_longer ? known->depth : stack->depth;
    uint32_t shorter = known_is_longer ? stack->depth : known->depth;
    uint32_t at = 0;
    if (shorter == 0 || longer > 2 * shorter ||
        strcmp(known->title, tenure_charge_title(charge)) != 0 ||
        strcmp(known->thread, charge->thread) != 0)
        return false;
    for (uint32_t i = 0; i < longer && at < shorter; i++) {
        const char *of_known = known->functions[known_is_longer ? i : at];
        const char *of_charge = stack->at[known_is_longer ? at : i].function;
        at += strcmp(of_known, of_charge) == 0;
    }
    return at == shorter;
}

static struct tenure_known *find(struct tenure_baseline *baseline,
                                 const struct tenure_charge *charge)
{
    for (size_t i = 0; i < baseline->count; i++)
        if (baseline->at[i].id == charge->id)
            return &baseline->at[i];
    for (size_t i = 0; i < baseline->count; i++)
        if (same_functions(&baseline->at[i], charge))
            return &baseline->at[i];
    return NULL;
}

/* Longer runs leak more bytes and faster machines leak faster: worse is what
 * is more both in itself and for the same work. */
static bool is_worse(const struct tenure_known *known,
                     const struct tenure_charge *charge)
{
    double now = (double)charge->bytes, then = (double)known->bytes;
    if (now <= then * WORSE || now <= then + WORSE_BYTES)
        return false;
    if (known->work == 0 || charge->work == 0)
        return true;
    return now / (double)charge->work > then / (double)known->work * WORSE;
}

static void compare(struct tenure_baseline *baseline,
                    const struct tenure_known *known,
                    struct tenure_charge *charge)
{
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    bool worse = is_worse(known, charge);
    tenure_say(&words, "in the baseline, with ");
    tenure_say_bytes(&words, (double)known->bytes);
    if (worse)
        tenure_say(&words, " there: it got worse");
    else
        tenure_say(&words, " there");
    charge->because = tenure_arena_text(&baseline->arena, text, words.used);
    if (!worse)
        charge->state = TENURE_CHARGE_KNOWN;
}

void tenure_baseline_apply(struct tenure_baseline *baseline,
                           struct tenure_charge *charges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tenure_known *known = find(baseline, &charges[i]);
        if (!known)
            continue;
        known->met = true;
        if (charges[i].state == TENURE_CHARGE_FAILS)
            compare(baseline, known, &charges[i]);
    }
}
