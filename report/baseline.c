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
        .work = charge->work,
        .rate = charge->rate};
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

static bool is_same(const struct tenure_known *known,
                    const struct tenure_charge *charge, bool by_id)
{
    return by_id ? known->id == charge->id : same_functions(known, charge);
}

/* Several processes, or rounds, may have had the same site: all of them are
 * met, and the one that had most is what is compared with. */
static struct tenure_known *find_by(struct tenure_baseline *baseline,
                                    const struct tenure_charge *charge,
                                    bool by_id)
{
    struct tenure_known *found = NULL;
    for (size_t i = 0; i < baseline->count; i++) {
        struct tenure_known *known = &baseline->at[i];
        if (!is_same(known, charge, by_id))
            continue;
        known->met = true;
        if (!found || known->bytes > found->bytes)
            found = known;
    }
    return found;
}

static struct tenure_known *find(struct tenure_baseline *baseline,
                                 const struct tenure_charge *charge)
{
    struct tenure_known *found = find_by(baseline, charge, true);
    return found ? found : find_by(baseline, charge, false);
}

/* Allocations beside those that leak: a leak that grows must not pass for
 * work of its own. */
static double other_work(uint64_t work, uint64_t leaked)
{
    return work > leaked ? (double)(work - leaked) : 1;
}

/* Longer runs leak more bytes and faster machines leak faster: worse is what
 * is more both in itself and for the same work. One look at the end says
 * nothing of how long it took: what was lost then is compared as it is. */
static bool is_worse(const struct tenure_known *known,
                     const struct tenure_charge *charge)
{
    double now = (double)charge->bytes, then = (double)known->bytes;
    if (now <= then * WORSE || now <= then + WORSE_BYTES)
        return false;
    if (known->work == 0 || charge->work == 0 ||
        (charge->class == TENURE_CLASS_LOST && charge->rate <= 0))
        return true;
    double others = other_work(charge->work, charge->blocks);
    /* Does it hardly do anything else? Then time is what remains. */
    if (others < (double)charge->blocks && known->rate > 0 && charge->rate > 0)
        return charge->rate > known->rate * WORSE;
    return now / others > then / other_work(known->work, known->blocks) * WORSE;
}

static void say_rates(struct tenure_words *words,
                      const struct tenure_known *known,
                      const struct tenure_charge *charge)
{
    if (known->rate < 0.5 || charge->rate < 0.5)
        return;
    tenure_say(words, " (");
    tenure_say_bytes(words, known->rate);
    tenure_say(words, "/s, now ");
    tenure_say_bytes(words, charge->rate);
    tenure_say(words, "/s)");
}

static void compare(struct tenure_baseline *baseline,
                    const struct tenure_known *known,
                    struct tenure_charge *charge)
{
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    bool worse = is_worse(known, charge);
    tenure_say(&words, worse ? "in the baseline, but it got worse: was "
                             : "in the baseline, with ");
    tenure_say_bytes(&words, (double)known->bytes);
    if (worse) {
        tenure_say(&words, ", is ");
        tenure_say_bytes(&words, (double)charge->bytes);
        say_rates(&words, known, charge);
    } else {
        tenure_say(&words, " there");
    }
    charge->because = tenure_arena_text(&baseline->arena, text, words.used);
    if (!worse)
        charge->state = TENURE_CHARGE_KNOWN;
}

void tenure_baseline_apply(struct tenure_baseline *baseline,
                           struct tenure_charge *charges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct tenure_known *known = find(baseline, &charges[i]);
        if (!known)
            continue;
        if (charges[i].state == TENURE_CHARGE_FAILS)
            compare(baseline, known, &charges[i]);
    }
}
