/*
 * tenure check in a GitHub workflow: annotations, which its log turns into
 * marks at the source, and the summary of the step, which is Markdown and is
 * appended to the file that the workflow names in its environment.
 */
#include <stdlib.h>

#include "report/gate.h"

/* More of one kind in a step are dropped without a word. */
enum { ANNOTATIONS_MAX = 10, TEXT_BYTES = 2048 };

/* A line of data; a property has two more characters with a meaning. */
static void escaped(FILE *to, const char *text, bool property)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool special = c == '%' || c == '\r' || c == '\n' ||
                       (property && (c == ':' || c == ','));
        if (special)
            fprintf(to, "%%%02X", c);
        else
            fputc(c, to);
    }
}

static void annotate(FILE *to, const char *level, const char *title,
                     const char *text)
{
    fprintf(to, "::%s title=", level);
    escaped(to, title, true);
    fputs("::", to);
    escaped(to, text, false);
    fputc('\n', to);
}

static void annotate_charge(const struct tenure_gate *gate,
                            const struct tenure_charge *charge, FILE *to)
{
    char text[TEXT_BYTES], line[256];
    const struct tenure_charge_frame *place = tenure_charge_place(charge);
    snprintf(line, sizeof line, "%s in %s", tenure_class_name(charge->class),
             tenure_charge_title(charge));
    fputs("::error ", to);
    if (place) {
        fputs("file=", to);
        escaped(to, tenure_gate_path(gate, place->file), true);
        fprintf(to, ",line=%u,", place->line);
    }
    fputs("title=", to);
    escaped(to, line, true);
    fputs("::", to);
    escaped(to, tenure_charge_headline(gate, charge, text, sizeof text), false);
    escaped(to, "\n", false);
    escaped(to, charge->evidence, false);
    escaped(to, "\nTo accept it, suppress it by: ", false);
    escaped(to, tenure_charge_suppression(charge, line, sizeof line), false);
    fputc('\n', to);
}

static void summarise(const struct tenure_gate *gate)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    FILE *to = path && *path ? fopen(path, "ae") : NULL;
    if (!to)
        return;
    tenure_gate_markdown.print(gate, to);
    fclose(to);
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    uint32_t fails = tenure_gate_count(gate, TENURE_CHARGE_FAILS), shown = 0;
    uint32_t most = fails > ANNOTATIONS_MAX ? ANNOTATIONS_MAX - 1 : fails;
    char text[TEXT_BYTES];
    if (gate->status != 0 && gate->verdict != TENURE_VERDICT_LEAK)
        annotate(to, "error", "tenure check is inconclusive",
                 gate->reason_count > 0 ? gate->reasons[0] : "");
    for (uint32_t i = 0; i < gate->charge_count && shown < most; i++) {
        if (gate->charges[i].state != TENURE_CHARGE_FAILS ||
            !tenure_gate_shows(gate, i))
            continue;
        annotate_charge(gate, &gate->charges[i], to);
        shown++;
    }
    if (shown < fails) {
        snprintf(text, sizeof text,
                 "%u of %u leaks are shown here; the "
                 "summary of this step has them all",
                 shown, fails);
        annotate(to, "error", "tenure check", text);
    }
    for (uint32_t i = 0; i < gate->warning_count && i < ANNOTATIONS_MAX; i++)
        annotate(to, "warning", "tenure check", gate->warnings[i]);
    summarise(gate);
}

const struct tenure_gate_output tenure_gate_github = {"github", print};
