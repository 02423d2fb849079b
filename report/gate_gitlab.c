/*
 * tenure check for GitLab's merge request widget: Code Quality, an array of
 * issues. An issue needs a place; a charge without one is put at line 1 of
 * its module.
 */
#include <string.h>

#include "report/gate.h"
#include "report/json.h"

static const char *severity(enum tenure_site_class class)
{
    switch (class) {
    case TENURE_CLASS_LEAK:
    case TENURE_CLASS_LOST:
    case TENURE_CLASS_GROWN:
        return "major";
    default:
        return "minor";
    }
}

static void begin_issue(struct tenure_json *json, const char *description,
                        const char *check, const char *fingerprint)
{
    tenure_json_object(json, NULL);
    tenure_json_text(json, "description", description);
    tenure_json_text(json, "check_name", check);
    tenure_json_text(json, "fingerprint", fingerprint);
}

static void end_issue(struct tenure_json *json, const char *level,
                      const char *path, uint32_t line)
{
    tenure_json_text(json, "severity", level);
    tenure_json_object(json, "location");
    tenure_json_text(json, "path", path);
    tenure_json_object(json, "lines");
    tenure_json_count(json, "begin", line);
    tenure_json_end_object(json);
    tenure_json_end_object(json);
    tenure_json_end_object(json);
}

static void print_charge(struct tenure_json *json,
                         const struct tenure_gate *gate,
                         const struct tenure_charge *charge)
{
    char text[2048], check[64], fingerprint[64];
    const struct tenure_charge_frame *place = tenure_charge_place(charge);
    const char *slash, *path = tenure_charge_title(charge);
    if (place) {
        path = tenure_gate_path(gate, place->file);
    } else if (charge->stack.depth > 0) {
        path = charge->stack.at[charge->stack.title].module;
        slash = strrchr(path, '/');
        path = slash ? slash + 1 : path;
    }
    snprintf(check, sizeof check, "tenure/%s",
             tenure_class_name(charge->class));
    snprintf(fingerprint, sizeof fingerprint, "%s-%016llx",
             tenure_class_name(charge->class), (unsigned long long)charge->id);
    begin_issue(json, tenure_charge_headline(gate, charge, text, sizeof text),
                check, fingerprint);
    end_issue(json, severity(charge->class), path, place ? place->line : 1);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    struct tenure_json json = {.to = to, .lines = 1};
    tenure_json_array(&json, NULL);
    if (gate->status != 0 && gate->verdict != TENURE_VERDICT_LEAK) {
        begin_issue(&json, gate->reason_count > 0 ? gate->reasons[0] : "",
                    "tenure/inconclusive", "inconclusive");
        end_issue(&json, "major", "tenure", 1);
    }
    for (uint32_t i = 0; i < gate->charge_count; i++) {
        const struct tenure_charge *charge = &gate->charges[i];
        if (charge->state == TENURE_CHARGE_FAILS && tenure_gate_shows(gate, i))
            print_charge(&json, gate, charge);
    }
    tenure_json_end_array(&json);
}

const struct tenure_gate_output tenure_gate_gitlab = {"gitlab", print};
