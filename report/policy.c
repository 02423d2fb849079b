/*
 * The policy: from charges that are neither suppressed nor known to those
 * that fail. Budgets (--max-lost, --max-growth) are for the sum of what is
 * left after classes and sizes.
 */
#include "report/policy.h"

#include <string.h>

#include "report/words.h"

static const enum tenure_site_class accusing[] = {
    TENURE_CLASS_LOST, TENURE_CLASS_GROWN, TENURE_CLASS_LEAK,
    TENURE_CLASS_UNBOUNDED, TENURE_CLASS_SUSPECT};

static bool add_class(const char *name, size_t bytes, unsigned *classes)
{
    for (size_t i = 0; i < sizeof accusing / sizeof *accusing; i++) {
        const char *known = tenure_class_name(accusing[i]);
        if (strlen(known) == bytes && memcmp(known, name, bytes) == 0) {
            *classes |= TENURE_FAIL_ON(accusing[i]);
            return true;
        }
    }
    return false;
}

static int parse_classes(const struct tenure_option *option, const char *text)
{
    unsigned classes = 0;
    if (strcmp(text, "none") != 0) {
        for (;;) {
            size_t bytes = strcspn(text, ",");
            if (!add_class(text, bytes, &classes))
                return -1;
            if (!text[bytes])
                break;
            text += bytes + 1;
        }
    }
    *(unsigned *)option->value = classes;
    return 0;
}

static int parse_rate(const struct tenure_option *option, const char *text)
{
    char size[64];
    size_t bytes = strlen(text);
    if (bytes >= 2 && strcmp(text + bytes - 2, "/s") == 0)
        bytes -= 2;
    if (bytes >= sizeof size)
        return -1;
    memcpy(size, text, bytes);
    size[bytes] = 0;
    return tenure_parse_size(size, option->value);
}

const struct tenure_option_type tenure_type_classes = {
    "classes of lost, grown, leak, unbounded, suspect, or none", false,
    parse_classes};
const struct tenure_option_type tenure_type_rate = {
    "bytes per second such as 10K/s", false, parse_rate};

static void allow(struct tenure_charge *charge, struct tenure_arena *texts,
                  const struct tenure_words *why)
{
    charge->state = TENURE_CHARGE_ALLOWED;
    charge->because = tenure_arena_text(texts, why->text, why->used);
}

static void judge_alone(const struct tenure_policy *policy,
                        struct tenure_charge *charge,
                        struct tenure_arena *texts)
{
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    if (!(policy->fail_on & TENURE_FAIL_ON(charge->class))) {
        tenure_say(&words, "class %s is not in --fail-on",
                   tenure_class_name(charge->class));
        allow(charge, texts, &words);
    } else if (charge->bytes < policy->min_bytes) {
        tenure_say(&words, "less than --min-bytes=%llu",
                   (unsigned long long)policy->min_bytes);
        allow(charge, texts, &words);
    }
}

static bool fails(const struct tenure_charge *charge, bool lost)
{
    return charge->state == TENURE_CHARGE_FAILS &&
           (charge->class == TENURE_CLASS_LOST) == lost;
}

/* The charges that have failed up to here, of one kind. */
struct failing {
    struct tenure_charge *charges;
    size_t count;
    bool lost;
};

static void allow_all(const struct failing *failing, struct tenure_arena *texts,
                      struct tenure_words *words)
{
    for (size_t i = 0; i < failing->count; i++)
        if (fails(&failing->charges[i], failing->lost))
            allow(&failing->charges[i], texts, words);
}

static double sum_of(const struct failing *failing)
{
    double sum = 0;
    for (size_t i = 0; i < failing->count; i++) {
        const struct tenure_charge *charge = &failing->charges[i];
        if (fails(charge, failing->lost))
            sum += failing->lost ? (double)charge->bytes : charge->rate;
    }
    return sum;
}

static void judge_lost(const struct tenure_policy *policy,
                       const struct failing *failing,
                       struct tenure_arena *texts)
{
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    double sum = sum_of(failing);
    if (sum > (double)policy->max_lost_bytes)
        return;
    tenure_say_bytes(&words, sum);
    tenure_say(&words, " are lost in all, within --max-lost=%llu",
               (unsigned long long)policy->max_lost_bytes);
    allow_all(failing, texts, &words);
}

static void judge_growth(const struct tenure_policy *policy,
                         const struct failing *failing,
                         struct tenure_arena *texts)
{
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    double sum = sum_of(failing);
    if (policy->max_growth_bytes == 0 || sum > (double)policy->max_growth_bytes)
        return;
    tenure_say_bytes(&words, sum);
    tenure_say(&words, "/s in all, within --max-growth=%llu/s",
               (unsigned long long)policy->max_growth_bytes);
    allow_all(failing, texts, &words);
}

void tenure_policy_apply(const struct tenure_policy *policy,
                         struct tenure_charge *charges, size_t count,
                         struct tenure_arena *texts)
{
    for (size_t i = 0; i < count; i++)
        if (charges[i].state == TENURE_CHARGE_FAILS)
            judge_alone(policy, &charges[i], texts);
    judge_lost(policy, &(struct failing){charges, count, true}, texts);
    judge_growth(policy, &(struct failing){charges, count, false}, texts);
}
