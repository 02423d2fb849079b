/*
 * The verdict in words: each class has one sentence that gives its numbers,
 * so that a reader can check the claim instead of believing it.
 *
 * A verdict comes in, a line of text goes into the caller's buffer.
 */
#include "report/verdict_rules.h"

#include <math.h>

#include "report/words.h"

static void say_rate(struct tenure_words *words,
                     const struct tenure_site_verdict *verdict)
{
    if (verdict->rate <= 0)
        return;
    tenure_say(words, "; ");
    tenure_say_bytes(words, verdict->rate);
    tenure_say(words, "/s (");
    tenure_say_bytes(words, verdict->rate_low);
    tenure_say(words, " .. ");
    tenure_say_bytes(words, verdict->rate_high);
    tenure_say(words, ")");
    if (verdict->seconds_to_limit > 0) {
        tenure_say(words, ", memory limit in ");
        tenure_say_span(words, verdict->seconds_to_limit);
    }
}

static void say_survival(struct tenure_words *words,
                         const struct tenure_leak_test *test, bool sampled)
{
    tenure_say(words, "%.0f %s in %.0f %sexposures at ", test->deaths,
               test->deaths == 1 ? "death" : "deaths", test->exposures,
               sampled ? "sampled " : "");
    if (test->age)
        tenure_say(words, "age >= %u; ", test->age);
    else
        tenure_say(words, "any age; ");
    tenure_say(words, "%u of %u generations left survivors", test->surviving,
               test->judged);
}

bool tenure_freed_at_end(const struct tenure_population *population,
                         uint64_t *freed, uint64_t *of)
{
    const struct tenure_timeline *timeline = population->timeline;
    uint32_t end = timeline->count - 1;
    *freed = *of = 0;
    if (end == 0 || !timeline->at_exit[end])
        return false;
    for (uint32_t i = 0; i < population->cohort_count; i++) {
        const struct tenure_cohort *cohort = &population->cohorts[i];
        if (cohort->first == end)
            continue;
        *of += cohort->blocks[end - 1];
        if (cohort->blocks[end] < cohort->blocks[end - 1])
            *freed += cohort->blocks[end - 1] - cohort->blocks[end];
    }
    return *freed > 0 && *freed == *of;
}

/* It says nothing of how the program ran, but a reader who knows that it
 * frees all wants to be told that we saw it. */
static void say_end(struct tenure_words *words,
                    const struct tenure_population *population)
{
    uint64_t freed, of;
    tenure_freed_at_end(population, &freed, &of);
    if (freed > 0)
        tenure_say(words,
                   "; %llu of %llu blocks were freed as the program "
                   "ended",
                   (unsigned long long)freed, (unsigned long long)of);
}

static void say_missing(struct tenure_words *words,
                        const struct tenure_site_verdict *verdict)
{
    double wanted = verdict->class == TENURE_CLASS_UNKNOWN
                        ? tenure_rules.leak_snapshots
                        : tenure_rules.advised_snapshots;
    if (verdict->snapshots >= wanted)
        return;
    double missing = wanted - verdict->snapshots;
    tenure_say(words, "; take %.0f more %s for a %sverdict", missing,
               missing == 1 ? "snapshot" : "snapshots",
               verdict->class == TENURE_CLASS_LEAK ||
                       verdict->class == TENURE_CLASS_GROWN
                   ? "surer "
                   : "");
}

static void say_growth(struct tenure_words *words,
                       const struct tenure_growth_test *growth)
{
    tenure_say(words, "living blocks grew by ");
    tenure_say_bytes(words, growth->rises - growth->falls);
    tenure_say(words, " in realloc, in %u of %u intervals", growth->rising,
               growth->intervals);
}

static void say_filled(struct tenure_words *words,
                       const struct tenure_held *held)
{
    tenure_say(words,
               "; held by one container that was there before them, %llu ",
               (unsigned long long)held->filled);
    if (held->whole)
        tenure_say(words, "of its %llu words filled",
                   (unsigned long long)held->words);
    else
        tenure_say(words, "of its words filled so far");
    tenure_say(words, ": could be a cache that has not met its cap");
}

static void say_possible(struct tenure_words *words,
                         const struct tenure_population *population)
{
    uint64_t blocks = population->possible_blocks;
    if (blocks == 0)
        return;
    tenure_say(words, "; %llu block%s possibly lost, ",
               (unsigned long long)blocks, blocks == 1 ? "" : "s");
    tenure_say_bytes(words, (double)population->possible_bytes);
    tenure_say(words, ": only interior pointers lead to %s",
               blocks == 1 ? "it" : "them");
}

/* Where the growth is bounded, by what; else that one thing holds it, which
 * is where to look. */
static void say_container(struct tenure_words *words,
                          const struct tenure_site_verdict *verdict,
                          const struct tenure_population *population)
{
    const struct tenure_held *held = &population->held;
    bool unbounded = verdict->class == TENURE_CLASS_UNBOUNDED;
    if (unbounded && tenure_is_bounded(population))
        say_filled(words, held);
    else if (unbounded)
        tenure_say(words,
                   "; it slows: could be a cache that has not met its "
                   "cap");
    else if (tenure_is_held(population))
        tenure_say(words, "; %.0f %% of the newest held by one container%s",
                   100 * held->share,
                   held->blocks > held->filled
                       ? ", which leads to some of them and these to the rest"
                   : !held->older || !held->unresized
                       ? ", which grows with them"
                       : "");
}

static void say_warming(struct tenure_words *words,
                        const struct tenure_site_verdict *verdict)
{
    const struct tenure_leak_test *test = &verdict->test;
    if (test->held >= tenure_rules.held && test->held > test->gap) {
        tenure_say(words, "grew, and held through the newest %u generations",
                   test->held);
        return;
    }
    if (test->late_share >= 1) {
        tenure_say(words, "grew, but the blocks that stay are few or young");
        return;
    }
    tenure_say(words, "growth slows: the later half left %.2f of the earlier",
               test->late_share);
    if (verdict->plateau_bytes > 0) {
        tenure_say(words, "; heads for ");
        tenure_say_bytes(words, verdict->plateau_bytes);
    }
}

static void say_course(struct tenure_words *words,
                       const struct tenure_population *population)
{
    const struct tenure_timeline *timeline = population->timeline;
    uint32_t last = timeline->count - 1;
    while (last && timeline->at_exit[last])
        last--;
    double most = 0;
    for (uint32_t k = timeline->base; k <= last; k++)
        most = fmax(most, (double)population->live_bytes[k]);
    if (most <= 0) {
        tenure_say(words, "alive only while the process stopped");
        return;
    }
    tenure_say_bytes(words, (double)population->live_bytes[timeline->base]);
    tenure_say(words, " -> ");
    tenure_say_bytes(words, (double)population->live_bytes[last]);
    tenure_say(words, ", at most ");
    tenure_say_bytes(words, most);
}

static void say_harmless(struct tenure_words *words,
                         const struct tenure_site_verdict *verdict,
                         const struct tenure_population *population)
{
    switch (verdict->class) {
    case TENURE_CLASS_WARMING:
        say_warming(words, verdict);
        return;
    case TENURE_CLASS_CACHE:
        if (verdict->traded)
            tenure_say(words, "what it grew, sites of the same code shrank");
        else
            tenure_say(words,
                       "old blocks die as new ones come: %.2f deaths for "
                       "each that gets old",
                       verdict->test.turnover);
        return;
    case TENURE_CLASS_BACKLOG:
        tenure_say(words, "rose and drained: ");
        break;
    case TENURE_CLASS_ONE_OFF:
        tenure_say(words, "one generation holds the growth: ");
        break;
    case TENURE_CLASS_POOL:
        tenure_say(words, "few large blocks: ");
        break;
    default:
        break;
    }
    say_course(words, population);
}

void tenure_verdict_text(const struct tenure_site_verdict *verdict,
                         const struct tenure_population *population, char *text,
                         size_t text_bytes)
{
    struct tenure_words words = tenure_words_in(text, text_bytes);
    switch (verdict->class) {
    case TENURE_CLASS_UNKNOWN:
        tenure_say(&words, "%u judged %s: a difference, no trend",
                   verdict->snapshots,
                   verdict->snapshots == 1 ? "snapshot" : "snapshots");
        break;
    case TENURE_CLASS_LOST:
        tenure_say_lost(&words, verdict, population);
        return;
    case TENURE_CLASS_GROWN:
        say_growth(&words, &verdict->growth);
        say_rate(&words, verdict);
        break;
    case TENURE_CLASS_LEAK:
    case TENURE_CLASS_UNBOUNDED:
    case TENURE_CLASS_SUSPECT:
        if (verdict->growth.steady && !verdict->test.level)
            say_growth(&words, &verdict->growth);
        else
            say_survival(&words, &verdict->test,
                         population->timeline->sample_bytes > 0);
        say_container(&words, verdict, population);
        say_possible(&words, population);
        say_rate(&words, verdict);
        break;
    default:
        say_harmless(&words, verdict, population);
        return;
    }
    say_end(&words, population);
    say_missing(&words, verdict);
}
