/*
 * The outcome of a series: leaks first, then doubts. Inconclusive is never
 * green.
 */
#include "report/outcome.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/command.h"
#include "report/memory_series.h"
#include "report/words.h"

static struct tenure_words next(struct tenure_outcome *outcome)
{
    char *reason = outcome->reasons[outcome->reason_count++];
    return tenure_words_in(reason, sizeof outcome->reasons[0]);
}

static void count_classes(const struct tenure_site_verdict *verdicts,
                          size_t count, uint32_t *classes)
{
    for (size_t i = 0; i < count; i++)
        classes[verdicts[i].class]++;
}

/* "2 sites leak, 1 site lost blocks" */
static void say_leaks(struct tenure_outcome *outcome, const uint32_t *classes,
                      unsigned fail_on)
{
    static const char *const does[TENURE_CLASS_COUNT] = {
        [TENURE_CLASS_LOST] = "lost blocks",
        [TENURE_CLASS_GROWN] = "grew by realloc",
        [TENURE_CLASS_LEAK] = "leak",
    };
    struct tenure_words words = {0};
    for (unsigned c = 0; c < TENURE_CLASS_COUNT; c++) {
        if (!(fail_on & TENURE_FAIL_ON(c)) || !classes[c])
            continue;
        if (!words.text)
            words = next(outcome);
        else
            tenure_say(&words, ", ");
        bool leaks = c == TENURE_CLASS_LEAK;
        tenure_say(&words, "%u %s ", classes[c],
                   classes[c] == 1 ? "site" : "sites");
        if (does[c])
            tenure_say(&words, "%s%s", does[c],
                       leaks && classes[c] == 1 ? "s" : "");
        else
            tenure_say(&words, "of class %s", tenure_class_name(c));
        outcome->verdict = TENURE_VERDICT_LEAK;
    }
}

static struct tenure_words doubt(struct tenure_outcome *outcome)
{
    if (outcome->verdict == TENURE_VERDICT_CLEAN)
        outcome->verdict = TENURE_VERDICT_INCONCLUSIVE;
    return next(outcome);
}

static void say_too_few(struct tenure_outcome *outcome, uint32_t running,
                        uint32_t given)
{
    uint32_t wanted = (uint32_t)tenure_rules.leak_snapshots;
    if (running >= wanted)
        return;
    struct tenure_words words = doubt(outcome);
    uint32_t missing = wanted - running;
    if (running < given)
        tenure_say(&words,
                   "%u of %u snapshots were taken while the process ran; ",
                   running, given);
    else if (given == 1)
        tenure_say(&words, "one snapshot shows no growth; ");
    else if (given == 2)
        tenure_say(&words, "two snapshots show what changed, not a trend; ");
    else
        tenure_say(&words, "%u snapshots allow no more than a suspicion; ",
                   given);
    tenure_say(&words, "take %u more %s for a verdict", missing,
               missing == 1 ? "snapshot" : "snapshots");
}

static void say_blindness(struct tenure_outcome *outcome,
                          const struct tenure_snapshot *last)
{
    uint64_t dropped = tenure_snapshot_dropped(last);
    if (dropped > 0) {
        struct tenure_words words = doubt(outcome);
        tenure_say(&words,
                   "the agent dropped %" PRIu64
                   " records, so blocks are missing from the counts",
                   dropped);
    }
    if (tenure_snapshot_value(last, TENURE_VALUE_ALLOCATED_BLOCKS) == 0) {
        struct tenure_words words = doubt(outcome);
        tenure_say(&words, "the agent saw no allocation; see tenure doctor");
    }
}

/* Worth knowing whatever the verdict is: memory that no site explains. */
static void say_memory(struct tenure_outcome *outcome,
                       const struct tenure_series *series)
{
    int64_t growth;
    enum tenure_memory_class class = tenure_memory_of_series(series, &growth);
    if (class != TENURE_MEMORY_FRAGMENTATION && class != TENURE_MEMORY_EXTERNAL)
        return;
    struct tenure_words words = next(outcome);
    tenure_say(&words, "RSS grew by ");
    tenure_say_bytes(&words, (double)growth);
    tenure_say(&words, class == TENURE_MEMORY_FRAGMENTATION
                           ? " that the allocator holds beside live blocks "
                             "(fragmentation)"
                           : " outside of the heap (external)");
}

void tenure_outcome_of(struct tenure_outcome *outcome,
                       const struct tenure_judgement *judgement,
                       unsigned fail_on)
{
    const struct tenure_series *series = judgement->series;
    const struct tenure_timeline *timeline = &series->timeline;
    uint32_t classes[TENURE_CLASS_COUNT] = {0}, running = 0;
    *outcome = (struct tenure_outcome){0};
    count_classes(judgement->sites, series->sites.count, classes);
    count_classes(judgement->mappings, series->mappings.count, classes);
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        running += !timeline->at_exit[i];
    say_leaks(outcome, classes, fail_on);
    say_blindness(outcome, &series->snapshots[timeline->count - 1]);
    say_too_few(outcome, running, timeline->count);
    if (running >= tenure_rules.leak_snapshots)
        say_memory(outcome, series);
}

const char *tenure_verdict_name(enum tenure_verdict verdict)
{
    static const char *const names[] = {[TENURE_VERDICT_CLEAN] = "clean",
                                        [TENURE_VERDICT_LEAK] = "leak",
                                        [TENURE_VERDICT_INCONCLUSIVE] =
                                            "inconclusive"};
    return names[verdict];
}

int tenure_verdict_status(enum tenure_verdict verdict)
{
    return verdict == TENURE_VERDICT_LEAK    ? TENURE_EXIT_LEAK
           : verdict == TENURE_VERDICT_CLEAN ? TENURE_EXIT_OK
                                             : TENURE_EXIT_INCONCLUSIVE;
}
