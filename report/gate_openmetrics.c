/*
 * tenure check as OpenMetrics text: for GitLab's metrics report, which shows
 * the change against the target branch, and for a textfile collector.
 *
 * Names end in their unit. Labels are bounded: sites that are accused, at
 * most so many.
 */
#include "report/gate.h"
#include "report/json.h"

enum { SITES_MAX = 50 };

/* Of a label's value. */
static void escaped(FILE *to, const char *text)
{
    int bytes;
    for (; *text; text += bytes > 0 ? bytes : 1) {
        bytes = tenure_utf8_bytes(text);
        if (*text == '\\' || *text == '"')
            fputc('\\', to);
        if (*text == '\n')
            fputs("\\n", to);
        else if (bytes > 0)
            fwrite(text, 1, (size_t)bytes, to);
        else
            fputc('?', to);
    }
}

static void family(FILE *to, const char *name, const char *unit,
                   const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    if (unit)
        fprintf(to, "# UNIT %s %s\n", name, unit);
}

static void print_verdict(const struct tenure_gate *gate, FILE *to)
{
    static const enum tenure_verdict verdicts[] = {
        TENURE_VERDICT_CLEAN, TENURE_VERDICT_LEAK, TENURE_VERDICT_INCONCLUSIVE};
    family(to, "tenure_check_verdict", NULL,
           "1 for the verdict of this check.");
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        fprintf(to, "tenure_check_verdict{verdict=\"%s\"} %d\n",
                tenure_verdict_name(verdicts[i]), gate->verdict == verdicts[i]);
    family(to, "tenure_check_findings", NULL,
           "Findings by what became of "
           "them.");
    for (enum tenure_charge_state state = TENURE_CHARGE_FAILS;
         state <= TENURE_CHARGE_SUPPRESSED; state++)
        fprintf(to, "tenure_check_findings{state=\"%s\"} %u\n",
                tenure_charge_state_name(state),
                tenure_gate_count(gate, state));
}

static void
print_process(const struct tenure_gate *gate, FILE *to, const char *name,
              uint64_t value(const struct tenure_gate_process *process))
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < gate->process_count; i++)
        sum += value(&gate->processes[i]);
    fprintf(to, "%s %llu\n", name, (unsigned long long)sum);
}

static uint64_t live_bytes(const struct tenure_gate_process *process)
{
    return process->live_bytes;
}

static uint64_t live_blocks(const struct tenure_gate_process *process)
{
    return process->live_blocks;
}

static uint64_t lost_bytes(const struct tenure_gate_process *process)
{
    return process->lost_bytes;
}

static uint64_t rss_bytes(const struct tenure_gate_process *process)
{
    return process->rss_bytes;
}

static void print_memory(const struct tenure_gate *gate, FILE *to)
{
    family(to, "tenure_live_bytes", "bytes",
           "Alive in the last snapshot, all processes.");
    print_process(gate, to, "tenure_live_bytes", live_bytes);
    family(to, "tenure_live_blocks", NULL,
           "Alive in the last snapshot, all processes.");
    print_process(gate, to, "tenure_live_blocks", live_blocks);
    family(to, "tenure_lost_bytes", "bytes",
           "Lost in the last snapshot, all processes.");
    print_process(gate, to, "tenure_lost_bytes", lost_bytes);
    family(to, "tenure_rss_bytes", "bytes",
           "Resident in the last snapshot, all processes.");
    print_process(gate, to, "tenure_rss_bytes", rss_bytes);
}

static void print_site(const struct tenure_charge *charge, const char *name,
                       double value, FILE *to)
{
    fprintf(to, "%s{site=\"%016llx\",class=\"%s\",state=\"%s\",function=\"",
            name, (unsigned long long)charge->id,
            tenure_class_name(charge->class),
            tenure_charge_state_name(charge->state));
    escaped(to, tenure_charge_title(charge));
    fprintf(to, "\"} %.17g\n", value);
}

/* Several processes may have the same site: the first of them counts. */
static bool is_first(const struct tenure_gate *gate, uint32_t at)
{
    const struct tenure_charge *charges = gate->charges;
    for (uint32_t i = 0; i < at; i++)
        if (charges[i].id == charges[at].id &&
            charges[i].class == charges[at].class &&
            charges[i].state == charges[at].state)
            return false;
    return true;
}

static void print_sites(const struct tenure_gate *gate, FILE *to)
{
    uint32_t most =
        gate->charge_count < SITES_MAX ? gate->charge_count : SITES_MAX;
    family(to, "tenure_finding_bytes", "bytes", "What a site is accused of.");
    for (uint32_t i = 0; i < most; i++)
        if (is_first(gate, i))
            print_site(&gate->charges[i], "tenure_finding_bytes",
                       (double)gate->charges[i].bytes, to);
    family(to, "tenure_finding_growth_bytes", "bytes",
           "What a site grows by in a second.");
    for (uint32_t i = 0; i < most; i++)
        if (is_first(gate, i))
            print_site(&gate->charges[i], "tenure_finding_growth_bytes",
                       gate->charges[i].rate, to);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    print_verdict(gate, to);
    print_memory(gate, to);
    print_sites(gate, to);
    fputs("# EOF\n", to);
}

const struct tenure_gate_output tenure_gate_openmetrics = {"openmetrics",
                                                           print};
