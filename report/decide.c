/*
 * From charges to the verdict: suppressions, then the baseline, then the
 * policy; what is left fails. Then doubts: whatever may have hidden a leak.
 */
#include "report/decide.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/command.h"
#include "report/doubt.h"
#include "report/suppress_program.h"
#include "report/words.h"

enum { REASONS_NAMED = 5, TEXT_BYTES = 1024 };

static const char *format_text(struct tenure_decision *decision,
                               const char *format, va_list arguments)
{
    char text[TEXT_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    return tenure_arena_text(&decision->texts, text, strlen(text));
}

static void add_reason(struct tenure_decision *decision, const char *text)
{
    struct tenure_gate *gate = &decision->gate;
    decision->reasons =
        tenure_grow(decision->reasons, gate->reason_count,
                    &decision->reason_room, sizeof *decision->reasons);
    decision->reasons[gate->reason_count++] = text;
    gate->reasons = decision->reasons;
}

void tenure_decision_doubt(struct tenure_decision *decision, const char *format,
                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_reason(decision, format_text(decision, format, arguments));
    va_end(arguments);
    if (decision->gate.verdict != TENURE_VERDICT_LEAK)
        decision->gate.verdict = TENURE_VERDICT_INCONCLUSIVE;
}

void tenure_decision_error(struct tenure_decision *decision, const char *format,
                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_reason(decision, format_text(decision, format, arguments));
    va_end(arguments);
    decision->gate.verdict = TENURE_VERDICT_INCONCLUSIVE;
    decision->gate.status = TENURE_EXIT_USAGE;
}

void tenure_decision_warn(struct tenure_decision *decision, const char *format,
                          ...)
{
    struct tenure_gate *gate = &decision->gate;
    va_list arguments;
    decision->warnings =
        tenure_grow(decision->warnings, gate->warning_count,
                    &decision->warning_room, sizeof *decision->warnings);
    va_start(arguments, format);
    decision->warnings[gate->warning_count++] =
        format_text(decision, format, arguments);
    va_end(arguments);
    gate->warnings = decision->warnings;
}

/* All charges in one array; leaders become indices into it. */
static void collect(struct tenure_decision *decision)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->cases.count; i++)
        count += decision->cases.at[i]->charge_count;
    decision->charges = tenure_arena_take(&decision->texts, count + 1,
                                          sizeof *decision->charges);
    count = 0;
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        size_t first = count;
        for (uint32_t k = 0; k < one->charge_count; k++) {
            decision->charges[count] = one->charges[k];
            if (decision->charges[count].above > 0)
                decision->charges[count].above += (uint32_t)first;
            decision->charges[count++].leader += (uint32_t)first;
        }
    }
    decision->gate.charges = decision->charges;
    decision->gate.charge_count = (uint32_t)count;
}

/* The charge that this one is told by: the leader that it had if that is in
 * the same state, else the first of that leader's in the same state, else
 * one of the same site in another process. */
static uint32_t leader_of(const struct tenure_charge *charges, uint32_t at,
                          const uint32_t *before)
{
    for (uint32_t i = 0; i < at; i++)
        if (charges[i].state == charges[at].state && charges[i].leader == i &&
            (before[i] == before[at] ||
             (charges[i].id == charges[at].id &&
              charges[i].class == charges[at].class)))
            return i;
    return at;
}

static void lead_anew(struct tenure_decision *decision)
{
    struct tenure_charge *charges = decision->charges;
    uint32_t count = decision->gate.charge_count;
    uint32_t *before = tenure_zeroed(count + 1, sizeof *before);
    for (uint32_t i = 0; i < count; i++) {
        before[i] = charges[i].leader;
        charges[i].members = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        charges[i].leader = i;
        charges[i].leader = leader_of(charges, i, before);
        if (charges[i].leader != i)
            charges[charges[i].leader].members++;
    }
    free(before);
}

static int order(const void *left, const void *right)
{
    const struct tenure_charge *a = left, *b = right;
    uint64_t a_bytes = a->bytes + a->below_bytes;
    uint64_t b_bytes = b->bytes + b->below_bytes;
    if (a->state != b->state)
        return a->state < b->state ? -1 : 1;
    if (a_bytes != b_bytes)
        return a_bytes > b_bytes ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* Leaders in order, each with its members behind it; sums go to leaders. */
static void put_in_order(struct tenure_decision *decision)
{
    struct tenure_charge *charges = decision->charges;
    uint32_t count = decision->gate.charge_count, at = 0;
    struct tenure_charge *leaders = tenure_zeroed(count + 1, sizeof *leaders);
    struct tenure_charge *all = tenure_zeroed(count + 1, sizeof *all);
    uint32_t leading = 0;
    for (uint32_t i = 0; i < count; i++)
        if (charges[i].leader == i)
            leaders[leading++] = charges[i];
    qsort(leaders, leading, sizeof *leaders, order);
    for (uint32_t i = 0; i < leading; i++) {
        uint32_t old = leaders[i].leader, own = at;
        all[at] = leaders[i];
        all[at++].leader = own;
        for (uint32_t k = 0; k < count; k++) {
            if (charges[k].leader != old || k == old)
                continue;
            all[at] = charges[k];
            all[at++].leader = own;
        }
    }
    memcpy(charges, all, count * sizeof *all);
    free(leaders);
    free(all);
}

static void say_failing(struct tenure_decision *decision)
{
    struct tenure_gate *gate = &decision->gate;
    uint32_t fails = tenure_gate_count(gate, TENURE_CHARGE_FAILS), said = 0;
    if (fails == 0)
        return;
    gate->verdict = TENURE_VERDICT_LEAK;
    for (uint32_t i = 0; i < gate->charge_count; i++) {
        const struct tenure_charge *charge = &gate->charges[i];
        char text[TEXT_BYTES];
        if (charge->state != TENURE_CHARGE_FAILS ||
            !tenure_gate_shows(gate, i) || said == REASONS_NAMED)
            continue;
        tenure_charge_headline(&decision->gate, charge, text, sizeof text);
        add_reason(decision,
                   tenure_arena_text(&decision->texts, text, strlen(text)));
        said++;
    }
    if (fails > said) {
        char text[64];
        int bytes = snprintf(text, sizeof text, "and %u more", fails - said);
        add_reason(decision,
                   tenure_arena_text(&decision->texts, text, (size_t)bytes));
    }
}

/* It grows without an end in sight, and passes: nobody should overlook it. */
static void warn_of_unbounded(struct tenure_decision *decision)
{
    char text[TEXT_BYTES];
    for (uint32_t i = 0; i < decision->gate.charge_count; i++) {
        const struct tenure_charge *charge = &decision->charges[i];
        if (charge->class != TENURE_CLASS_UNBOUNDED ||
            charge->state != TENURE_CHARGE_ALLOWED ||
            !tenure_gate_shows(&decision->gate, i))
            continue;
        tenure_decision_warn(
            decision,
            "%s; it grows, and could be a cache that has not met its cap; "
            "--fail-on=lost,grown,leak,unbounded makes it fail",
            tenure_charge_headline(&decision->gate, charge, text, sizeof text));
    }
}

static void say_clean(struct tenure_decision *decision)
{
    struct tenure_gate *gate = &decision->gate;
    static const enum tenure_charge_state states[] = {
        TENURE_CHARGE_KNOWN, TENURE_CHARGE_ALLOWED, TENURE_CHARGE_SUPPRESSED};
    char text[TEXT_BYTES];
    const char *between = " (";
    uint32_t snapshots = 0;
    struct tenure_words words = tenure_words_in(text, sizeof text);
    for (uint32_t i = 0; i < gate->process_count; i++)
        snapshots += gate->processes[i].snapshots;
    tenure_say(&words, "nothing fails in %u snapshot%s of %u process%s",
               snapshots, snapshots == 1 ? "" : "s", gate->process_count,
               gate->process_count == 1 ? "" : "es");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        uint32_t count = tenure_gate_count(gate, states[i]);
        if (count == 0)
            continue;
        tenure_say(&words, "%s%u %s", between, count,
                   tenure_charge_state_name(states[i]));
        between = ", ";
    }
    if (*between == ',')
        tenure_say(&words, ")");
    add_reason(decision, tenure_arena_text(&decision->texts, text, words.used));
}

static void warn_of_rules(struct tenure_decision *decision,
                          const struct tenure_suppressions *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct tenure_rule *rule = &list->at[i];
        char name[512];
        tenure_rule_name(rule, name, sizeof name);
        if (!rule->optional && rule->charges == 0)
            tenure_decision_warn(decision, "the suppression %s matched nothing",
                                 name);
        else if (!rule->optional && tenure_rule_expired(rule, list->today))
            tenure_decision_warn(decision, "the suppression %s has expired",
                                 name);
    }
}

static void list_fixed(struct tenure_decision *decision,
                       const struct tenure_baseline *baseline)
{
    struct tenure_gate_fixed *fixed =
        tenure_arena_take(&decision->texts, baseline->count + 1, sizeof *fixed);
    for (size_t i = 0; i < baseline->count; i++) {
        const struct tenure_known *known = &baseline->at[i];
        char id[32];
        if (known->met)
            continue;
        snprintf(id, sizeof id, "%016" PRIx64, known->id);
        fixed[decision->gate.fixed_count++] = (struct tenure_gate_fixed){
            tenure_arena_text(&decision->texts, id, strlen(id)), known->class,
            known->title, known->bytes};
    }
    decision->gate.fixed = fixed;
}

static struct tenure_gate_process process_of(const struct tenure_case *one)
{
    const struct tenure_snapshot *last = tenure_case_last(one);
    const struct tenure_timeline *line = &one->series.timeline;
    return (struct tenure_gate_process){
        .name = one->name,
        .exe = tenure_snapshot_string(last, last->process->exe),
        .snapshots = line->count,
        .seconds = line->age_s[line->count - 1] - line->age_s[0],
        .live_blocks = tenure_snapshot_value(last, TENURE_VALUE_LIVE_BLOCKS),
        .live_bytes = tenure_snapshot_value(last, TENURE_VALUE_LIVE_BYTES),
        .lost_bytes = tenure_snapshot_total(last, TENURE_VALUE_LOST_BYTES),
        .rss_bytes = tenure_snapshot_value(last, TENURE_VALUE_RSS_BYTES),
        .sample_bytes = one->series.timeline.sample_bytes,
        .error_bytes = sqrt(one->series.sites.total_variances.live_bytes),
        .allocated_blocks =
            tenure_snapshot_value(last, TENURE_VALUE_ALLOCATED_BLOCKS)};
}

static void list_processes(struct tenure_decision *decision)
{
    struct tenure_gate_process *processes = tenure_arena_take(
        &decision->texts, decision->cases.count + 1, sizeof *processes);
    for (size_t i = 0; i < decision->cases.count; i++)
        processes[i] = process_of(decision->cases.at[i]);
    decision->gate.processes = processes;
    decision->gate.process_count = (uint32_t)decision->cases.count;
}

static void set_status(struct tenure_gate *gate, int leak_status)
{
    if (gate->status != 0)
        return; /* an error of the input stays one */
    gate->status = gate->verdict == TENURE_VERDICT_LEAK
                       ? leak_status
                       : tenure_verdict_status(gate->verdict);
}

/* Reasons given before stand behind the leaks that decide. */
static void put_leaks_first(struct tenure_decision *decision, uint32_t before)
{
    uint32_t count = decision->gate.reason_count;
    const char **copy = tenure_zeroed(count + 1, sizeof *copy);
    if (decision->gate.verdict == TENURE_VERDICT_LEAK) {
        memcpy(copy, decision->reasons + before,
               (count - before) * sizeof *copy);
        memcpy(copy + count - before, decision->reasons, before * sizeof *copy);
        memcpy(decision->reasons, copy, count * sizeof *copy);
    }
    free(copy);
}

static bool was_seen(const struct tenure_decision *decision, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (strcmp(decision->gate.processes[i].exe,
                   decision->gate.processes[at].exe) == 0)
            return true;
    return false;
}

/* What the programs themselves ask of LeakSanitizer. */
static void read_programs(struct tenure_decision *decision,
                          struct tenure_suppressions *list)
{
    for (uint32_t i = 0; i < decision->gate.process_count; i++) {
        const char *exe = decision->gate.processes[i].exe;
        struct tenure_why why;
        if (!was_seen(decision, i) &&
            tenure_suppressions_of_program(list, exe, &why) ==
                TENURE_PROGRAM_RULES_UNREADABLE)
            tenure_decision_warn(decision,
                                 "%s has suppressions of its own "
                                 "that cannot be used: %s",
                                 exe, why.text);
    }
}

void tenure_decide(struct tenure_decision *decision,
                   const struct tenure_decision_input *input)
{
    struct tenure_gate *gate = &decision->gate;
    collect(decision);
    tenure_look_for_control(decision);
    uint32_t before = gate->reason_count;
    list_processes(decision);
    read_programs(decision, input->suppressions);
    tenure_suppressions_apply(input->suppressions, decision->charges,
                              gate->charge_count);
    tenure_baseline_apply(input->baseline, decision->charges,
                          gate->charge_count);
    tenure_policy_apply(input->policy, decision->charges, gate->charge_count,
                        &decision->texts);
    lead_anew(decision);
    put_in_order(decision);
    say_failing(decision);
    if (before > 0)
        put_leaks_first(decision, before);
    tenure_doubts(decision, input->policy);
    if (gate->verdict == TENURE_VERDICT_CLEAN)
        say_clean(decision);
    warn_of_unbounded(decision);
    if (gate->verdict != TENURE_VERDICT_INCONCLUSIVE) {
        warn_of_rules(decision, input->suppressions);
        list_fixed(decision, input->baseline);
    }
    set_status(gate, input->leak_status);
}

void tenure_decision_drop(struct tenure_decision *decision)
{
    free(decision->reasons);
    free(decision->warnings);
    tenure_cases_drop(&decision->cases);
    tenure_arena_drop(&decision->texts);
    *decision = (struct tenure_decision){0};
}
