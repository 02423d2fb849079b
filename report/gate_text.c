/*
 * tenure check for people: the verdict and why, what fails with its stack
 * and what to do about it, then one line for each of the rest.
 */
#include <string.h>

#include "report/gate.h"
#include "report/text.h"

enum { FRAMES_SHOWN = 16, TEXT_BYTES = 4096 };

static void print_stack(const struct tenure_gate *gate,
                        const struct tenure_charge_stack *stack, FILE *to)
{
    char text[TEXT_BYTES];
    uint32_t depth = tenure_charge_depth(stack);
    uint32_t shown = depth > FRAMES_SHOWN + 1 ? FRAMES_SHOWN : depth;
    for (uint32_t i = 0; i < shown; i++)
        fprintf(to, "      %s\n",
                tenure_gate_frame(gate, &stack->at[i], i, text, sizeof text));
    if (shown < depth)
        fprintf(to, "      ... %u more frames\n", depth - shown);
}

static void print_failing(const struct tenure_gate *gate, uint32_t at,
                          uint32_t number, FILE *to)
{
    const struct tenure_charge *charge = &gate->charges[at];
    char text[TEXT_BYTES];
    fprintf(to, "\n%u. %s\n", number,
            tenure_charge_headline(gate, charge, text, sizeof text));
    fprintf(to, "   %s\n", tenure_charge_remedy(charge));
    if (*charge->evidence)
        fprintf(to, "   Why: %s\n", charge->evidence);
    if (*charge->because)
        fprintf(to, "   %s\n", charge->because);
    if (charge->held_by)
        fprintf(to, "   Held by %s.\n", charge->held_by);
    print_stack(gate, &charge->stack, to);
    if (charge->grown_by.depth > 0) {
        fputs("   grown by realloc at\n", to);
        print_stack(gate, &charge->grown_by, to);
    }
    fprintf(to, "   In thread %s of %s, site %016llx, confidence %.2f.\n",
            charge->thread, charge->process, (unsigned long long)charge->id,
            charge->confidence);
    fprintf(to, "   To accept it, suppress it by: %s\n",
            tenure_charge_suppression(charge, text, sizeof text));
}

/* "2 suppressed", each with a line. */
static void print_others(const struct tenure_gate *gate,
                         enum tenure_charge_state state, FILE *to)
{
    char text[TEXT_BYTES];
    uint32_t count = tenure_gate_count(gate, state);
    if (count > 0)
        fprintf(to, "\n%u %s:\n", count, tenure_charge_state_name(state));
    for (uint32_t i = 0; i < gate->charge_count; i++) {
        const struct tenure_charge *charge = &gate->charges[i];
        if (charge->state != state || !tenure_gate_shows(gate, i))
            continue;
        fprintf(to, "  %s",
                tenure_charge_headline(gate, charge, text, sizeof text));
        fprintf(to, "\n      %s\n", charge->because);
        if (charge->class != TENURE_CLASS_UNBOUNDED)
            continue;
        fprintf(to, "      %s\n", charge->evidence);
        if (charge->held_by)
            fprintf(to, "      held by %s\n", charge->held_by);
    }
}

static void print_processes(const struct tenure_gate *gate, FILE *to)
{
    enum { SHOWN = 8 };
    for (uint32_t i = 0; i < gate->process_count && i < SHOWN; i++) {
        const struct tenure_gate_process *p = &gate->processes[i];
        fprintf(to, "  %s: %u snapshot%s over %s, %s", p->name, p->snapshots,
                p->snapshots == 1 ? "" : "s",
                tenure_text_seconds(p->seconds).text,
                tenure_text_bytes(p->live_bytes).text);
        if (p->sample_bytes)
            fprintf(to, " +- %s",
                    tenure_text_bytes((uint64_t)p->error_bytes).text);
        fputs(" alive in the last", to);
        if (p->sample_bytes)
            fprintf(to, "; one sample per %s: numbers are estimates",
                    tenure_text_bytes(p->sample_bytes).text);
        fputc('\n', to);
    }
    if (gate->process_count > SHOWN)
        fprintf(to, "  and %u more processes\n", gate->process_count - SHOWN);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    uint32_t number = 0;
    fprintf(to, "%s: %s\n", tenure_verdict_name(gate->verdict),
            gate->reason_count > 0 ? gate->reasons[0] : "nothing leaks");
    for (uint32_t i = 1; i < gate->reason_count; i++)
        fprintf(to, "  %s\n", gate->reasons[i]);
    print_processes(gate, to);
    for (uint32_t i = 0; i < gate->charge_count; i++)
        if (gate->charges[i].state == TENURE_CHARGE_FAILS &&
            tenure_gate_shows(gate, i))
            print_failing(gate, i, ++number, to);
    print_others(gate, TENURE_CHARGE_KNOWN, to);
    print_others(gate, TENURE_CHARGE_ALLOWED, to);
    print_others(gate, TENURE_CHARGE_SUPPRESSED, to);
    if (gate->fixed_count > 0)
        fprintf(to, "\n%u fixed since the baseline:\n", gate->fixed_count);
    for (uint32_t i = 0; i < gate->fixed_count; i++)
        fprintf(to, "  %s in %s, site %s\n", gate->fixed[i].class,
                gate->fixed[i].title, gate->fixed[i].id);
    if (gate->warning_count > 0)
        fputc('\n', to);
    for (uint32_t i = 0; i < gate->warning_count; i++)
        fprintf(to, "warning: %s\n", gate->warnings[i]);
}

const struct tenure_gate_output tenure_gate_text = {"text", print};
