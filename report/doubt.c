/*
 * Doubts: an agent that saw nothing or lost something, snapshots that are
 * missing, processes that were not looked at long enough.
 */
#include "report/doubt.h"

#include <inttypes.h>
#include <string.h>

#include "report/memory_series.h"
#include "report/quality.h"
#include "report/text.h"
#include "report/unseen_modules.h"

static uint64_t value(const struct tenure_case *one, uint32_t key)
{
    return tenure_snapshot_value(tenure_case_last(one), key);
}

static void doubt_records(struct tenure_decision *decision,
                          const struct tenure_case *one)
{
    uint64_t dropped = tenure_snapshot_dropped(tenure_case_last(one));
    if (dropped > 0)
        tenure_decision_doubt(decision,
                              "%s: the agent dropped %" PRIu64
                              " records, so "
                              "blocks are missing from the counts",
                              one->name, dropped);
}

/* Processes that forked each other count together: one says it for all. */
static void doubt_files(struct tenure_decision *decision)
{
    const struct tenure_case *most = NULL;
    char why[160];
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        if (!most || value(one, TENURE_VALUE_FAILED_SNAPSHOTS) >
                         value(most, TENURE_VALUE_FAILED_SNAPSHOTS))
            most = one;
    }
    uint64_t failed = value(most, TENURE_VALUE_FAILED_SNAPSHOTS);
    if (failed > 0)
        tenure_decision_doubt(
            decision,
            "%s: %" PRIu64
            " snapshot%s of it, or of processes that it "
            "forked, could not be written: %s",
            most->name, failed, failed == 1 ? "" : "s",
            tenure_quality_failure(value(most, TENURE_VALUE_FAILED_ERROR), why,
                                   sizeof why));
}

static void doubt_modules(struct tenure_decision *decision,
                          const struct tenure_case *one,
                          const struct tenure_texts *accepted)
{
    const struct tenure_snapshot *last = tenure_case_last(one);
    char names[400], list[400];
    struct tenure_words words = tenure_words_in(names, sizeof names);
    if (tenure_unseen_modules_say(last, accepted, ", ", &words) == 0)
        return;
    words = tenure_words_in(list, sizeof list);
    tenure_unseen_modules_say(last, accepted, ",", &words);
    tenure_decision_doubt(
        decision,
        "%s: blocks of %s are not seen, nor what it frees: it "
        "calls a malloc past the agent (RTLD_DEEPBIND, "
        "dlmopen, or one of its own); "
        "accept that by --ignore-unseen=%s",
        one->name, names, list);
}

/* Work is what processes are weighed by: helpers of a test that live for a
 * moment need not have all their snapshots. */
static void doubt_snapshots(struct tenure_decision *decision, uint64_t wanted)
{
    uint64_t judged = 0, missed = 0;
    unsigned short_of = 0;
    const struct tenure_case *most = NULL;
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        uint64_t work = value(one, TENURE_VALUE_ALLOCATED_BYTES);
        bool enough = one->judged >= wanted || (wanted == 1 && one->majors > 0);
        if (enough) {
            judged += work;
            continue;
        }
        missed += work;
        short_of++;
        if (!most || work > value(most, TENURE_VALUE_ALLOCATED_BYTES))
            most = one;
    }
    if (!most)
        return;
    if (judged > missed) {
        tenure_decision_warn(decision,
                             "%u of %zu processes had too few "
                             "snapshots to show growth; together they did "
                             "less than the others",
                             short_of, decision->cases.count);
        return;
    }
    if (most->judged < wanted && most->judged + most->idle >= wanted)
        tenure_decision_doubt(decision,
                              "%s: the process was idle before %u of %u "
                              "snapshots; take them under load",
                              most->name, most->idle,
                              most->judged + most->idle);
    else
        tenure_decision_doubt(
            decision,
            "%s: %u of %" PRIu64 " snapshots that a verdict needs; %s",
            most->name, most->judged, wanted,
            wanted > 1 ? "take more by --every=TIME, --repeat=N or "
                         "tenure_take_snapshot(), or add --min-snapshots=1 to "
                         "judge by what is lost at its end and not by growth"
                       : "take a major one, by --major");
}

/* Memory that no site explains fails nothing, but somebody has to know. */
static void warn_of_memory(struct tenure_decision *decision,
                           const struct tenure_case *one)
{
    struct tenure_memory_growth growth;
    enum tenure_memory_class class =
        tenure_memory_of_series(&one->series, &growth);
    if (one->judged < (uint32_t)tenure_rules.leak_snapshots ||
        !tenure_memory_is_notable(class, &growth))
        return;
    tenure_decision_warn(decision, "%s: RSS grew by %s %s", one->name,
                         tenure_text_bytes((uint64_t)growth.rss_bytes).text,
                         class == TENURE_MEMORY_FRAGMENTATION
                             ? "that the allocator holds beside live blocks "
                               "(fragmentation)"
                             : "outside of the heap (external)");
}

/* What a sample is likely to have missed. Of a Poisson sample, three means
 * leave one chance in twenty to see nothing, and eight one in twenty to see
 * fewer than the four survivors that a leak takes. */
static void doubt_samples(struct tenure_decision *decision, uint64_t wanted)
{
    uint64_t samples = 0, mean = 0;
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        if (one->series.timeline.sample_bytes > mean)
            mean = one->series.timeline.sample_bytes;
        samples += value(one, TENURE_VALUE_CAPTURES);
    }
    uint64_t least =
        wanted > 1 ? (uint64_t)tenure_rules.survivors_leak : (uint64_t)1;
    if (mean == 0)
        return;
    if (samples == 0)
        tenure_decision_doubt(decision,
                              "no allocation was sampled: use a "
                              "smaller --sample or exact tracking");
    else if (samples < least)
        tenure_decision_doubt(decision,
                              "%" PRIu64
                              " allocation%s sampled, and a leak "
                              "is called one from %" PRIu64
                              " on: use a smaller --sample or exact tracking",
                              samples, samples == 1 ? " was" : "s were", least);
    tenure_decision_warn(decision,
                         "one sample per %s: lost blocks of less than %s, "
                         "and growth of less than %s, may not show",
                         tenure_text_bytes(mean).text,
                         tenure_text_bytes(3 * mean).text,
                         tenure_text_bytes(8 * mean).text);
}

static void warn_unmarked(struct tenure_decision *decision,
                          const struct tenure_policy *policy)
{
    uint32_t majors = 0;
    if (!(policy->fail_on & TENURE_FAIL_ON(TENURE_CLASS_LOST)) ||
        decision->cases.count == 0)
        return;
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        majors += one->majors + one->unsure;
        if (one->majors == 0 && one->unsure > 0)
            tenure_decision_doubt(
                decision,
                "%s: nothing can be called lost, since threads were missing "
                "from each mark: what only their registers hold is not seen "
                "(%" PRIu64 " did not stop for the last)",
                one->name, value(one, TENURE_VALUE_UNSTOPPED_THREADS));
    }
    if (majors == 0)
        tenure_decision_warn(decision,
                             "lost blocks were not looked for: no "
                             "snapshot is a major one (--major)");
}

/* Is it the leak that the agent makes for us to find? */
static bool is_control(const struct tenure_charge *charge)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    for (uint32_t i = 0; i < stack->depth; i++)
        if (strcmp(stack->at[i].function, "tenure_self_test_leak") == 0 &&
            strstr(stack->at[i].module, "libtenure.so"))
            return true;
    return false;
}

static bool has_control(const struct tenure_case *one)
{
    const struct tenure_snapshot *last = tenure_case_last(one);
    return one->judged >= (uint32_t)tenure_rules.leak_snapshots &&
           strstr(tenure_snapshot_string(last, last->process->options),
                  "self-test");
}

static bool was_found(const struct tenure_case *one)
{
    for (uint32_t i = 0; i < one->charge_count; i++)
        if (is_control(&one->charges[i]))
            return true;
    return false;
}

void tenure_look_for_control(struct tenure_decision *decision)
{
    for (uint32_t i = 0; i < decision->gate.charge_count; i++) {
        struct tenure_charge *charge = &decision->charges[i];
        if (!is_control(charge))
            continue;
        charge->state = TENURE_CHARGE_ALLOWED;
        charge->because = "the positive control of --self-test, found";
    }
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        if (has_control(one) && !was_found(one))
            tenure_decision_doubt(decision,
                                  "%s: the leak that --self-test "
                                  "makes was not found, so that others may "
                                  "be missing as well",
                                  one->name);
    }
}

void tenure_doubts(struct tenure_decision *decision,
                   const struct tenure_policy *policy)
{
    uint64_t allocated = 0;
    uint64_t wanted = policy->min_snapshots;
    if (wanted == 0)
        wanted = (uint64_t)tenure_rules.leak_snapshots;
    if (decision->cases.count == 0) {
        if (decision->gate.reason_count == 0)
            tenure_decision_doubt(decision, "there is no snapshot");
        return;
    }
    for (size_t i = 0; i < decision->cases.count; i++)
        allocated +=
            value(decision->cases.at[i], TENURE_VALUE_ALLOCATED_BLOCKS);
    if (allocated == 0)
        tenure_decision_doubt(decision,
                              "the agent saw no allocation: is an "
                              "allocator linked into the program itself?");
    for (size_t i = 0; i < decision->cases.count; i++) {
        doubt_records(decision, decision->cases.at[i]);
        doubt_modules(decision, decision->cases.at[i], policy->unseen);
        warn_of_memory(decision, decision->cases.at[i]);
    }
    doubt_files(decision);
    if (allocated > 0)
        doubt_snapshots(decision, wanted);
    if (allocated > 0)
        doubt_samples(decision, wanted);
    warn_unmarked(decision, policy);
}
