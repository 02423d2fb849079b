/*
 * tenure check as JUnit XML, which every CI system shows: one test case that
 * is always there and carries the verdict, and one for each charge.
 *
 * Inconclusive is an error and not a failure; suppressed, known and allowed
 * charges are skipped, so that they stay in sight.
 */
#include <string.h>

#include "report/gate.h"
#include "report/json.h"

enum { TEXT_BYTES = 4096 };

/* XML 1.0 has no place for most control characters, not even escaped, nor
 * for what is not UTF-8. */
static void escaped(FILE *to, const char *text)
{
    int bytes;
    for (; *text; text += bytes > 0 ? bytes : 1) {
        unsigned char c = (unsigned char)*text;
        bytes = tenure_utf8_bytes(text);
        switch (c) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\n':
            fputs("&#10;", to);
            break;
        default:
            if (bytes == 0 || (c < ' ' && c != '\t'))
                fputc('?', to);
            else
                fwrite(text, 1, (size_t)bytes, to);
        }
    }
}

static void attribute(FILE *to, const char *name, const char *value)
{
    fprintf(to, " %s=\"", name);
    escaped(to, value);
    fputc('"', to);
}

static void line(FILE *to, const char *text)
{
    escaped(to, text);
    fputc('\n', to);
}

static void begin_case(FILE *to, const char *name)
{
    fputs("    <testcase classname=\"tenure.check\"", to);
    attribute(to, "name", name);
    fputs(" time=\"0\">\n", to);
}

static void print_verdict(const struct tenure_gate *gate, FILE *to)
{
    const char *element =
        gate->verdict == TENURE_VERDICT_LEAK ? "failure" : "error";
    begin_case(to, "no unaccepted leak");
    if (gate->status != 0) {
        fprintf(to, "      <%s type=\"%s\"", element,
                tenure_verdict_name(gate->verdict));
        attribute(to, "message",
                  gate->reason_count > 0 ? gate->reasons[0] : "");
        fputs(">", to);
        for (uint32_t i = 0; i < gate->reason_count; i++)
            line(to, gate->reasons[i]);
        fprintf(to, "</%s>\n", element);
    }
    if (gate->warning_count > 0) {
        fputs("      <system-out>", to);
        for (uint32_t i = 0; i < gate->warning_count; i++)
            line(to, gate->warnings[i]);
        fputs("</system-out>\n", to);
    }
    fputs("    </testcase>\n", to);
}

static void print_stack(const struct tenure_gate *gate,
                        const struct tenure_charge_stack *stack, FILE *to)
{
    char text[TEXT_BYTES];
    for (uint32_t i = 0; i < tenure_charge_depth(stack); i++)
        line(to, tenure_gate_frame(gate, &stack->at[i], i, text, sizeof text));
}

static void print_charge(const struct tenure_gate *gate,
                         const struct tenure_charge *charge, FILE *to)
{
    char text[TEXT_BYTES], name[2 * TEXT_BYTES];
    snprintf(name, sizeof name, "%s in %s (site %016llx)",
             tenure_class_name(charge->class), tenure_charge_title(charge),
             (unsigned long long)charge->id);
    begin_case(to, name);
    tenure_charge_headline(gate, charge, text, sizeof text);
    if (charge->state != TENURE_CHARGE_FAILS) {
        snprintf(name, sizeof name, "%s: %s; %s",
                 tenure_charge_state_name(charge->state), charge->because,
                 text);
        fputs("      <skipped", to);
        attribute(to, "message", name);
        fputs("/>\n    </testcase>\n", to);
        return;
    }
    fprintf(to, "      <failure type=\"%s\"", tenure_class_name(charge->class));
    attribute(to, "message", text);
    fputs(">", to);
    line(to, tenure_charge_remedy(charge));
    fputs("Why: ", to);
    line(to, charge->evidence);
    if (*charge->because)
        line(to, charge->because);
    print_stack(gate, &charge->stack, to);
    if (charge->grown_by.depth > 0) {
        line(to, "grown by realloc at");
        print_stack(gate, &charge->grown_by, to);
    }
    fputs("To accept it, suppress it by: ", to);
    line(to, tenure_charge_suppression(charge, text, sizeof text));
    fputs("</failure>\n    </testcase>\n", to);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    uint32_t fails = tenure_gate_count(gate, TENURE_CHARGE_FAILS);
    uint32_t skipped = tenure_gate_count(gate, TENURE_CHARGE_KNOWN) +
                       tenure_gate_count(gate, TENURE_CHARGE_ALLOWED) +
                       tenure_gate_count(gate, TENURE_CHARGE_SUPPRESSED);
    uint32_t failures = fails + (gate->verdict == TENURE_VERDICT_LEAK);
    uint32_t errors = gate->status != 0 && gate->verdict != TENURE_VERDICT_LEAK;
    char counts[128];
    snprintf(counts, sizeof counts,
             "tests=\"%u\" failures=\"%u\" errors=\"%u\"", 1 + fails + skipped,
             failures, errors);
    fprintf(to,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"tenure\" %s time=\"0\">\n"
            "  <testsuite name=\"tenure.check\" %s skipped=\"%u\" "
            "time=\"0\">\n",
            counts, counts, skipped);
    print_verdict(gate, to);
    for (uint32_t i = 0; i < gate->charge_count; i++)
        if (tenure_gate_shows(gate, i))
            print_charge(gate, &gate->charges[i], to);
    fputs("  </testsuite>\n</testsuites>\n", to);
}

const struct tenure_gate_output tenure_gate_junit = {"junit", print};
