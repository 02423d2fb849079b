/*
 * tenure check as SARIF 2.1.0: one run, one rule for each class, one result
 * for each charge. Made for GitHub's code scanning, whose limits hold: every
 * result has a place, fingerprints are the site's stable id, paths are
 * relative to the sources' root, and there are not more than it shows.
 */
#include <string.h>

#include "report/gate.h"
#include "report/json.h"

enum { RESULTS_MAX = 5000, FRAMES_MAX = 100, TEXT_BYTES = 4096 };

static const struct {
    enum tenure_site_class class;
    const char *brief, *full;
} rules[] = {
    {TENURE_CLASS_LOST, "Lost memory",
     "No pointer to these blocks was left in any root or reachable block, in "
     "two snapshots in a row."},
    {TENURE_CLASS_GROWN, "Growing block",
     "realloc made the same block larger again and again."},
    {TENURE_CLASS_LEAK, "Leaking call stack",
     "Blocks that were allocated here outlive every generation they should "
     "have died in, in most generations and up to the newest."},
    {TENURE_CLASS_UNBOUNDED, "Unbounded container",
     "A leak by its numbers, but one container holds the newest blocks."},
    {TENURE_CLASS_SUSPECT, "Suspected leak", "As a leak, with less evidence."},
};
enum { RULES = sizeof rules / sizeof *rules };

static void rule_id(enum tenure_site_class class, char *text, size_t bytes)
{
    snprintf(text, bytes, "tenure/%s", tenure_class_name(class));
}

static void message(struct tenure_json *json, const char *key, const char *text)
{
    tenure_json_object(json, key);
    tenure_json_text(json, "text", text);
    tenure_json_end_object(json);
}

static void print_rule(struct tenure_json *json, size_t i)
{
    struct tenure_charge example = {.class = rules[i].class};
    char id[64];
    rule_id(rules[i].class, id, sizeof id);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "id", id);
    message(json, "shortDescription", rules[i].brief);
    message(json, "fullDescription", rules[i].full);
    message(json, "help", tenure_charge_remedy(&example));
    tenure_json_object(json, "defaultConfiguration");
    tenure_json_text(json, "level",
                     rules[i].class == TENURE_CLASS_SUSPECT ? "warning"
                                                            : "error");
    tenure_json_end_object(json);
    tenure_json_end_object(json);
}

static void print_tool(struct tenure_json *json)
{
    tenure_json_object(json, "tool");
    tenure_json_object(json, "driver");
    tenure_json_text(json, "name", "tenure");
    tenure_json_text(json, "version", TENURE_VERSION);
    tenure_json_array(json, "rules");
    for (size_t i = 0; i < RULES; i++)
        print_rule(json, i);
    tenure_json_end_array(json);
    tenure_json_end_object(json);
    tenure_json_end_object(json);
}

static void notify(struct tenure_json *json, const char *level,
                   const char *text)
{
    tenure_json_object(json, NULL);
    tenure_json_text(json, "level", level);
    message(json, "message", text);
    tenure_json_end_object(json);
}

/* Whether the check could look at all, and what stood in its way. */
static void print_invocation(struct tenure_json *json,
                             const struct tenure_gate *gate)
{
    bool looked = gate->status == 0 || gate->verdict == TENURE_VERDICT_LEAK;
    tenure_json_array(json, "invocations");
    tenure_json_object(json, NULL);
    tenure_json_truth(json, "executionSuccessful", looked);
    tenure_json_count(json, "exitCode", (uint64_t)gate->status);
    tenure_json_array(json, "toolExecutionNotifications");
    for (uint32_t i = 0; i < gate->reason_count; i++)
        notify(json, looked ? "note" : "error", gate->reasons[i]);
    for (uint32_t i = 0; i < gate->warning_count; i++)
        notify(json, "warning", gate->warnings[i]);
    tenure_json_end_array(json);
    tenure_json_end_object(json);
    tenure_json_end_array(json);
}

/* A path as a URI reference (RFC 3986). */
static void uri_of(const char *path, char *uri, size_t bytes)
{
    static const char plain[] = "-._~/@+=";
    size_t used =
        (size_t)snprintf(uri, bytes, "%s", *path == '/' ? "file://" : "");
    for (; *path && used + 4 < bytes; path++) {
        unsigned char c = (unsigned char)*path;
        bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c >= '0' && c <= '9') || strchr(plain, c);
        used += (size_t)snprintf(uri + used, bytes - used,
                                 kept ? "%c" : "%%%02X", c);
    }
}

static void print_place(struct tenure_json *json,
                        const struct tenure_gate *gate, const char *file,
                        uint32_t line)
{
    char uri[TEXT_BYTES];
    const char *path = tenure_gate_path(gate, file);
    uri_of(path, uri, sizeof uri);
    tenure_json_object(json, "physicalLocation");
    tenure_json_object(json, "artifactLocation");
    tenure_json_text(json, "uri", uri);
    if (*path != '/')
        tenure_json_text(json, "uriBaseId", "SRCROOT");
    tenure_json_end_object(json);
    tenure_json_object(json, "region");
    tenure_json_count(json, "startLine", line > 0 ? line : 1);
    tenure_json_end_object(json);
    tenure_json_end_object(json);
}

static const char *name_of_module(const struct tenure_charge_frame *frame)
{
    const char *slash = strrchr(frame->module, '/');
    return slash ? slash + 1 : frame->module;
}

/* The members of a location. */
static void print_location(struct tenure_json *json,
                           const struct tenure_gate *gate,
                           const struct tenure_charge_frame *frame)
{
    const char *module = name_of_module(frame);
    if (*frame->file)
        print_place(json, gate, frame->file, frame->line);
    else
        print_place(json, gate, *module ? module : "unknown", 1);
    tenure_json_array(json, "logicalLocations");
    if (*frame->function) {
        tenure_json_object(json, NULL);
        tenure_json_text(json, "fullyQualifiedName", frame->function);
        tenure_json_text(json, "kind", "function");
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
}

/* GitHub shows a flow, step by step: from main() to the allocation. */
static void print_flow(struct tenure_json *json, const struct tenure_gate *gate,
                       const struct tenure_charge_stack *stack)
{
    char text[TEXT_BYTES];
    uint32_t depth = tenure_charge_depth(stack);
    uint32_t shown = depth < FRAMES_MAX ? depth : FRAMES_MAX;
    tenure_json_array(json, "codeFlows");
    tenure_json_object(json, NULL);
    tenure_json_array(json, "threadFlows");
    tenure_json_object(json, NULL);
    tenure_json_array(json, "locations");
    for (uint32_t i = shown; i-- > 0;) {
        tenure_json_object(json, NULL);
        tenure_json_object(json, "location");
        print_location(json, gate, &stack->at[i]);
        message(json, "message",
                tenure_gate_frame(gate, &stack->at[i], i, text, sizeof text));
        tenure_json_end_object(json);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
    tenure_json_end_object(json);
    tenure_json_end_array(json);
    tenure_json_end_object(json);
    tenure_json_end_array(json);
}

static void print_acceptance(struct tenure_json *json,
                             const struct tenure_charge *charge)
{
    tenure_json_text(json, "baselineState",
                     charge->state == TENURE_CHARGE_KNOWN ? "unchanged"
                                                          : "new");
    tenure_json_array(json, "suppressions");
    if (charge->state == TENURE_CHARGE_SUPPRESSED ||
        charge->state == TENURE_CHARGE_ALLOWED) {
        tenure_json_object(json, NULL);
        tenure_json_text(json, "kind", "external");
        tenure_json_text(json, "justification", charge->because);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
}

static void print_numbers(struct tenure_json *json,
                          const struct tenure_charge *charge)
{
    tenure_json_object(json, "properties");
    tenure_json_text(json, "state", tenure_charge_state_name(charge->state));
    tenure_json_count(json, "bytes", charge->bytes);
    tenure_json_count(json, "blocks", charge->blocks);
    tenure_json_real(json, "rate_bytes_per_second", charge->rate);
    tenure_json_real(json, "confidence", charge->confidence);
    tenure_json_text(json, "thread", charge->thread);
    tenure_json_text(json, "process", charge->process);
    tenure_json_end_object(json);
}

static void print_result(struct tenure_json *json,
                         const struct tenure_gate *gate,
                         const struct tenure_charge *charge)
{
    static const struct tenure_charge_frame nowhere = {"", "", "", 0, 0, false};
    const struct tenure_charge_stack *stack = &charge->stack;
    const struct tenure_charge_frame *place = tenure_charge_place(charge);
    char text[TEXT_BYTES], words[TEXT_BYTES + 1024], id[64];
    bool fails = charge->state == TENURE_CHARGE_FAILS;
    if (!place)
        place = stack->depth > 0 ? &stack->at[stack->title] : &nowhere;
    rule_id(charge->class, id, sizeof id);
    tenure_charge_headline(gate, charge, text, sizeof text);
    snprintf(words, sizeof words, "%s. %s", text, charge->evidence);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "ruleId", id);
    tenure_json_text(json, "level", fails ? "error" : "note");
    message(json, "message", words);
    tenure_json_array(json, "locations");
    tenure_json_object(json, NULL);
    print_location(json, gate, place);
    tenure_json_end_object(json);
    tenure_json_end_array(json);
    snprintf(id, sizeof id, "%016llx", (unsigned long long)charge->id);
    tenure_json_object(json, "partialFingerprints");
    tenure_json_text(json, "tenureSite/v1", id);
    tenure_json_text(json, "primaryLocationLineHash", id);
    tenure_json_end_object(json);
    if (stack->depth > 0)
        print_flow(json, gate, stack);
    print_acceptance(json, charge);
    print_numbers(json, charge);
    tenure_json_end_object(json);
}

static void print_results(struct tenure_json *json,
                          const struct tenure_gate *gate)
{
    uint32_t shown = 0;
    tenure_json_array(json, "results");
    for (uint32_t i = 0; i < gate->charge_count && shown < RESULTS_MAX; i++) {
        if (!tenure_gate_shows(gate, i))
            continue;
        print_result(json, gate, &gate->charges[i]);
        shown++;
    }
    tenure_json_end_array(json);
}

/* Where relative paths begin; only a reader on the same machine needs it. */
static void print_root(struct tenure_json *json, const struct tenure_gate *gate)
{
    char root[TEXT_BYTES], uri[TEXT_BYTES];
    if (!*gate->root)
        return;
    snprintf(root, sizeof root, "%s/", gate->root);
    uri_of(root, uri, sizeof uri);
    tenure_json_object(json, "originalUriBaseIds");
    tenure_json_object(json, "SRCROOT");
    tenure_json_text(json, "uri", uri);
    tenure_json_end_object(json);
    tenure_json_end_object(json);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    struct tenure_json json = {.to = to, .lines = 4};
    tenure_json_object(&json, NULL);
    tenure_json_text(&json, "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json");
    tenure_json_text(&json, "version", "2.1.0");
    tenure_json_array(&json, "runs");
    tenure_json_object(&json, NULL);
    print_tool(&json);
    print_root(&json, gate);
    print_invocation(&json, gate);
    tenure_json_text(&json, "columnKind", "utf16CodeUnits");
    print_results(&json, gate);
    tenure_json_end_object(&json);
    tenure_json_end_array(&json);
    tenure_json_end_object(&json);
}

const struct tenure_gate_output tenure_gate_sarif = {"sarif", print};
