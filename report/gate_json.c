/*
 * tenure check as JSON: the report of a process as of diff, with the gate's
 * verdict, and with "findings", "fixed", "warnings" behind it; further
 * processes stand in "others". Where nothing could be opened the same fields
 * are there, empty.
 */
#include <inttypes.h>

#include "report/decide.h"
#include "report/out_json.h"
#include "report/suppress.h"

static const char *suppressed_by(const void *context,
                                 const struct tenure_site *site)
{
    const struct tenure_gate *gate = context;
    for (uint32_t i = 0; i < gate->charge_count; i++)
        if (tenure_charge_is_of(&gate->charges[i], site) &&
            gate->charges[i].rule &&
            gate->charges[i].state == TENURE_CHARGE_SUPPRESSED)
            return gate->charges[i].rule->text;
    return NULL;
}

static void texts(struct tenure_json *json, const char *key,
                  const char *const *list, uint32_t count)
{
    tenure_json_array(json, key);
    for (uint32_t i = 0; i < count; i++)
        tenure_json_text(json, NULL, list[i]);
    tenure_json_end_array(json);
}

static void verdict(struct tenure_json *json, const struct tenure_gate *gate)
{
    tenure_json_text(json, "verdict", tenure_verdict_name(gate->verdict));
    texts(json, "reasons", gate->reasons, gate->reason_count);
}

static void empty_report(struct tenure_json *json)
{
    static const char *const columns[] = {
        "new",         "deleted",    "delta",      "alloc_bytes",
        "freed_bytes", "size_delta", "grown_bytes"};
    static const char *const memory[] = {"rss_bytes", "tracked_bytes",
                                         "allocator_bytes", "mapped_bytes",
                                         "unknown_bytes"};
    tenure_json_object(json, "totals");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        tenure_json_count(json, columns[i], 0);
    tenure_json_end_object(json);
    tenure_json_object(json, "memory");
    tenure_json_text(json, "class", "unknown");
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        texts(json, memory[i], NULL, 0);
    tenure_json_end_object(json);
    texts(json, "sites", NULL, 0);
    texts(json, "mappings", NULL, 0);
}

static void finding(struct tenure_json *json, const struct tenure_gate *gate,
                    uint32_t at)
{
    const struct tenure_charge *charge = &gate->charges[at];
    char text[2048];
    snprintf(text, sizeof text, "%016" PRIx64, charge->id);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "id", text);
    tenure_json_text(json, "class", tenure_class_name(charge->class));
    tenure_json_text(json, "state", tenure_charge_state_name(charge->state));
    tenure_json_text(json, "because", charge->because);
    tenure_json_text(json, "function", tenure_charge_title(charge));
    tenure_json_text(json, "process", charge->process);
    tenure_json_text(json, "since", charge->since);
    tenure_json_text(json, "held_by", charge->held_by ? charge->held_by : "");
    tenure_json_count(json, "blocks", charge->blocks);
    tenure_json_count(json, "bytes", charge->bytes);
    tenure_json_real(json, "rate_bytes_per_second", charge->rate);
    snprintf(text, sizeof text, "%016" PRIx64,
             gate->charges[charge->leader].id);
    tenure_json_text(json, "leader", text);
    tenure_json_text(json, "suppression",
                     tenure_charge_suppression(charge, text, sizeof text));
    tenure_json_end_object(json);
}

static void gate_part(struct tenure_json *json, const struct tenure_gate *gate)
{
    tenure_json_array(json, "findings");
    for (uint32_t i = 0; i < gate->charge_count; i++)
        finding(json, gate, i);
    tenure_json_end_array(json);
    tenure_json_array(json, "fixed");
    for (uint32_t i = 0; i < gate->fixed_count; i++) {
        tenure_json_object(json, NULL);
        tenure_json_text(json, "id", gate->fixed[i].id);
        tenure_json_text(json, "class", gate->fixed[i].class);
        tenure_json_text(json, "function", gate->fixed[i].title);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
    texts(json, "warnings", gate->warnings, gate->warning_count);
    tenure_json_count(json, "status", (uint64_t)gate->status);
}

/* The process that did most: what is asked for in a single report. */
static size_t main_case(const struct tenure_cases *cases)
{
    uint64_t most = 0;
    size_t found = 0;
    for (size_t i = 0; i < cases->count; i++) {
        uint64_t work = tenure_snapshot_value(tenure_case_last(cases->at[i]),
                                              TENURE_VALUE_ALLOCATED_BYTES);
        if (work > most) {
            most = work;
            found = i;
        }
    }
    return found;
}

static void print_case(struct tenure_json *json, const struct tenure_gate *gate,
                       struct tenure_case *one)
{
    one->view.suppressed_by = suppressed_by;
    one->view.gate = gate;
    tenure_json_head(json, "check", &one->view);
    verdict(json, gate);
    tenure_json_body(json, &one->view);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    struct tenure_json json = {.to = to, .lines = 2};
    struct tenure_decision *decision = gate->details;
    struct tenure_cases *cases = &decision->cases;
    size_t shown = main_case(cases);
    tenure_json_object(&json, NULL);
    if (cases->count > 0) {
        print_case(&json, gate, cases->at[shown]);
    } else {
        tenure_json_count(&json, "schema", 1);
        tenure_json_text(&json, "tool", "tenure " TENURE_VERSION);
        tenure_json_text(&json, "command", "check");
        tenure_json_null(&json, "process");
        texts(&json, "snapshots", NULL, 0);
        verdict(&json, gate);
        empty_report(&json);
    }
    gate_part(&json, gate);
    tenure_json_array(&json, "others");
    for (size_t i = 0; i < cases->count; i++) {
        if (i == shown)
            continue;
        tenure_json_object(&json, NULL);
        print_case(&json, gate, cases->at[i]);
        tenure_json_end_object(&json);
    }
    tenure_json_end_array(&json);
    tenure_json_end_object(&json);
}

const struct tenure_gate_output tenure_gate_json = {"json", print};
