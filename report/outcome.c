/*
 * The outcome of a series: leaks first, then doubts. Inconclusive is never
 * green.
 */
#include "report/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/command.h"
#include "report/memory_series.h"
#include "report/quality.h"
#include "report/unseen_modules.h"
#include "report/words.h"

/* Leaves room for all doubts. */
enum { FINDINGS_NAMED = 3 };

static struct tenure_words next(struct tenure_outcome *outcome)
{
    char *reason = outcome->reasons[outcome->reason_count++];
    return tenure_words_in(reason, sizeof outcome->reasons[0]);
}

/* "leak in session_new and 3 related sites, 12.4 KiB/s" */
static void say_finding(struct tenure_outcome *outcome,
                        const struct tenure_outcome_input *input, uint32_t at,
                        struct tenure_stack *stack)
{
    const struct tenure_findings *findings = input->findings;
    const struct tenure_finding *finding = &findings->at[at];
    struct tenure_words words = next(outcome);
    double rate = 0;
    char title[96] = "(no stack)";
    for (uint32_t i = at; i < findings->accused; i++)
        if (findings->at[i].leader == at)
            rate += findings->at[i].verdict->rate;
    tenure_stack_load(stack, input->judgement->series, input->symbols,
                      finding->site->call);
    if (stack->count)
        tenure_frame_title(&stack->at[stack->title], title, sizeof title);
    tenure_say(&words, "%s%s in %s", tenure_class_name(finding->verdict->class),
               finding->mapping ? " mappings" : "", title);
    if (finding->members)
        tenure_say(&words, " and %u related %s", finding->members,
                   finding->members == 1 ? "site" : "sites");
    if (rate >= 0.5) {
        tenure_say(&words, ", ");
        tenure_say_bytes(&words, rate);
        tenure_say(&words, "/s");
    }
}

/* The leak that --self-test makes for us to find. */
static bool is_control(const struct tenure_outcome_input *input, uint32_t at,
                       struct tenure_stack *stack)
{
    tenure_stack_load(stack, input->judgement->series, input->symbols,
                      input->findings->at[at].site->call);
    for (size_t i = 0; i < stack->count; i++)
        if (strcmp(stack->at[i].frame->function, "tenure_self_test_leak") == 0)
            return true;
    return false;
}

/* Whether the positive control is among them. */
static bool say_leaks(struct tenure_outcome *outcome,
                      const struct tenure_outcome_input *input)
{
    const struct tenure_findings *findings = input->findings;
    struct tenure_stack stack = {0};
    uint32_t more = 0;
    bool control = false;
    for (uint32_t i = 0; i < findings->accused; i++) {
        const struct tenure_finding *finding = &findings->at[i];
        if (is_control(input, i, &stack)) {
            control = true;
            continue;
        }
        if (!(input->fail_on & TENURE_FAIL_ON(finding->verdict->class)) ||
            finding->leader != i)
            continue;
        outcome->verdict = TENURE_VERDICT_LEAK;
        if (outcome->reason_count < FINDINGS_NAMED)
            say_finding(outcome, input, i, &stack);
        else
            more++;
    }
    if (more) {
        struct tenure_words words = next(outcome);
        tenure_say(&words, "and %u more", more);
    }
    tenure_stack_drop(&stack);
    return control;
}

static struct tenure_words doubt(struct tenure_outcome *outcome)
{
    if (outcome->verdict == TENURE_VERDICT_CLEAN)
        outcome->verdict = TENURE_VERDICT_INCONCLUSIVE;
    return next(outcome);
}

/* Snapshots that stand for a generation with something to judge. */
static uint32_t busy_snapshots(const struct tenure_timeline *timeline)
{
    struct tenure_matrix *matrix = tenure_zeroed(1, sizeof *matrix);
    tenure_matrix_open(matrix, timeline);
    uint32_t count = matrix->count;
    free(matrix);
    return count;
}

static void say_idle(struct tenure_outcome *outcome,
                     const struct tenure_timeline *timeline, uint32_t running)
{
    uint32_t busy = busy_snapshots(timeline);
    if (running < tenure_rules.leak_snapshots ||
        busy >= tenure_rules.leak_snapshots)
        return;
    struct tenure_words words = doubt(outcome);
    tenure_say(&words,
               "the process was idle before %u of %u snapshots; take them "
               "under load",
               running - busy, running);
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
    tenure_say(&words, "take %u more %s %s", missing,
               missing == 1 ? "snapshot" : "snapshots",
               outcome->verdict == TENURE_VERDICT_LEAK
                   ? "to judge growth as well"
                   : "for a verdict");
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
    uint64_t failed =
        tenure_snapshot_value(last, TENURE_VALUE_FAILED_SNAPSHOTS);
    if (failed > 0) {
        struct tenure_words words = doubt(outcome);
        char why[160];
        tenure_say(&words,
                   "%" PRIu64
                   " snapshots of this process, or of those it forked, could "
                   "not be written: %s",
                   failed,
                   tenure_quality_failure(
                       tenure_snapshot_value(last, TENURE_VALUE_FAILED_ERROR),
                       why, sizeof why));
    }
    char names[160];
    struct tenure_words unseen = tenure_words_in(names, sizeof names);
    if (tenure_unseen_modules_say(last, NULL, ", ", &unseen) > 0) {
        struct tenure_words words = doubt(outcome);
        tenure_say(&words,
                   "blocks of %s are not seen, by a malloc past the "
                   "agent",
                   names);
    }
    if (tenure_snapshot_value(last, TENURE_VALUE_ALLOCATED_BLOCKS) == 0) {
        struct tenure_words words = doubt(outcome);
        tenure_say(&words,
                   "the agent saw no allocation: is an allocator "
                   "linked into the program itself?");
    }
}

static void say_no_control(struct tenure_outcome *outcome,
                           const struct tenure_snapshot *last)
{
    if (!strstr(tenure_snapshot_string(last, last->process->options),
                "self-test"))
        return;
    struct tenure_words words = doubt(outcome);
    tenure_say(&words,
               "the leak that --self-test makes was not found, so "
               "that others may be missing as well");
}

/* Worth knowing whatever the verdict is: memory that no site explains. */
static void say_memory(struct tenure_outcome *outcome,
                       const struct tenure_series *series)
{
    struct tenure_memory_growth growth;
    enum tenure_memory_class class = tenure_memory_of_series(series, &growth);
    if (!tenure_memory_is_notable(class, &growth))
        return;
    struct tenure_words words = next(outcome);
    tenure_say(&words, "RSS grew by ");
    tenure_say_bytes(&words, (double)growth.rss_bytes);
    tenure_say(&words, class == TENURE_MEMORY_FRAGMENTATION
                           ? " that the allocator holds beside live blocks "
                             "(fragmentation)"
                           : " outside of the heap (external)");
}

void tenure_outcome_of(struct tenure_outcome *outcome,
                       const struct tenure_outcome_input *input)
{
    const struct tenure_series *series = input->judgement->series;
    const struct tenure_timeline *timeline = &series->timeline;
    uint32_t running = 0;
    *outcome = (struct tenure_outcome){0};
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        running += !timeline->at_exit[i];
    const struct tenure_snapshot *last =
        &series->snapshots[timeline->count - 1];
    bool control = say_leaks(outcome, input);
    say_blindness(outcome, last);
    say_too_few(outcome, running, timeline->count);
    say_idle(outcome, timeline, running);
    if (!control && running >= tenure_rules.leak_snapshots)
        say_no_control(outcome, last);
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
