/*
 * tenure check as Markdown: for a workflow's summary or a comment on a merge
 * request. At most 1 MiB is accepted there; stacks are cut long before.
 */
#include <string.h>

#include "report/gate.h"
#include "report/text.h"

enum {
    FRAMES_SHOWN = 24,
    STACKS_SHOWN = 50,
    ROWS_SHOWN = 500,
    TEXT_BYTES = 4096
};

/* Text inside a table's cell or a paragraph. */
static void escaped(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_|<>[]#&", *text))
            fputc('\\', to);
        fputc(*text == '\n' ? ' ' : *text, to);
    }
}

/* In a code span, whose content a backtick would end; a bar ends a cell. */
static void code(FILE *to, const char *text)
{
    fputc('`', to);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text == '`' || *text == '\n' ? '\'' : *text, to);
    }
    fputc('`', to);
}

static void print_row(const struct tenure_gate *gate,
                      const struct tenure_charge *charge, FILE *to)
{
    const struct tenure_charge_frame *place = tenure_charge_place(charge);
    char text[TEXT_BYTES] = "";
    fprintf(to, "| %s | ", tenure_class_name(charge->class));
    code(to, tenure_charge_title(charge));
    fputs(" | ", to);
    if (place) {
        snprintf(text, sizeof text, "%s:%u",
                 tenure_gate_path(gate, place->file), place->line);
        code(to, text);
    }
    fprintf(to, " | %s | ", tenure_text_bytes(charge->bytes).text);
    if (charge->rate >= 0.5)
        fprintf(to, "%s/s", tenure_text_bytes((uint64_t)charge->rate).text);
    fputs(" | ", to);
    escaped(to, charge->since);
    fputs(" | ", to);
    if (charge->state == TENURE_CHARGE_FAILS)
        code(to, tenure_charge_suppression(charge, text, sizeof text));
    else
        escaped(to, charge->because);
    fputs(" |\n", to);
}

static void print_table(const struct tenure_gate *gate,
                        enum tenure_charge_state state, FILE *to)
{
    uint32_t count = tenure_gate_count(gate, state), shown = 0;
    if (count == 0)
        return;
    fprintf(to,
            "\n**%u %s**\n\n| Class | Function | Place | Size | Rate | Since "
            "| %s |\n|---|---|---|--:|--:|---|---|\n",
            count,
            state == TENURE_CHARGE_FAILS ? "failing"
                                         : tenure_charge_state_name(state),
            state == TENURE_CHARGE_FAILS ? "To accept it" : "Why");
    for (uint32_t i = 0; i < gate->charge_count && shown < ROWS_SHOWN; i++) {
        if (gate->charges[i].state != state || !tenure_gate_shows(gate, i))
            continue;
        print_row(gate, &gate->charges[i], to);
        shown++;
    }
    if (shown < count)
        fprintf(to, "\n%u of %u shown.\n", shown, count);
}

static void print_stack(const struct tenure_gate *gate,
                        const struct tenure_charge *charge, FILE *to)
{
    const struct tenure_charge_stack *stack = &charge->stack;
    uint32_t depth = tenure_charge_depth(stack);
    char text[TEXT_BYTES];
    fputs("\n<details><summary>", to);
    tenure_charge_headline(gate, charge, text, sizeof text);
    for (const char *at = text; *at; at++) {
        if (*at == '<')
            fputs("&lt;", to);
        else if (*at == '&')
            fputs("&amp;", to);
        else
            fputc(*at, to);
    }
    fprintf(to, "</summary>\n\n%s\n\n```\n", tenure_charge_remedy(charge));
    if (*charge->evidence)
        fprintf(to, "Why: %s\n\n", charge->evidence);
    for (uint32_t i = 0; i < depth && i < FRAMES_SHOWN; i++)
        fprintf(to, "%s\n",
                tenure_gate_frame(gate, &stack->at[i], i, text, sizeof text));
    if (depth > FRAMES_SHOWN)
        fprintf(to, "... %u more frames\n", depth - FRAMES_SHOWN);
    fputs("```\n\n</details>\n", to);
}

static void print_rest(const struct tenure_gate *gate, FILE *to)
{
    print_table(gate, TENURE_CHARGE_KNOWN, to);
    print_table(gate, TENURE_CHARGE_ALLOWED, to);
    print_table(gate, TENURE_CHARGE_SUPPRESSED, to);
    if (gate->fixed_count > 0)
        fprintf(to, "\n**%u fixed since the baseline**\n\n", gate->fixed_count);
    for (uint32_t i = 0; i < gate->fixed_count && i < ROWS_SHOWN; i++) {
        fprintf(to, "- %s in ", gate->fixed[i].class);
        code(to, gate->fixed[i].title);
        fputc('\n', to);
    }
    if (gate->warning_count > 0)
        fputs("\n**Warnings**\n\n", to);
    for (uint32_t i = 0; i < gate->warning_count && i < ROWS_SHOWN; i++) {
        fputs("- ", to);
        escaped(to, gate->warnings[i]);
        fputc('\n', to);
    }
}

static void print(const struct tenure_gate *gate, FILE *to)
{
    static const char *const signs[] = {
        [TENURE_VERDICT_CLEAN] = ":white_check_mark:",
        [TENURE_VERDICT_LEAK] = ":x:",
        [TENURE_VERDICT_INCONCLUSIVE] = ":grey_question:"};
    uint32_t shown = 0;
    fprintf(to, "### %s tenure check: %s\n\n", signs[gate->verdict],
            tenure_verdict_name(gate->verdict));
    for (uint32_t i = 0; i < gate->reason_count; i++) {
        fputs("- ", to);
        escaped(to, gate->reasons[i]);
        fputc('\n', to);
    }
    print_table(gate, TENURE_CHARGE_FAILS, to);
    for (uint32_t i = 0; i < gate->charge_count && shown < STACKS_SHOWN; i++) {
        if (gate->charges[i].state != TENURE_CHARGE_FAILS ||
            !tenure_gate_shows(gate, i))
            continue;
        print_stack(gate, &gate->charges[i], to);
        shown++;
    }
    print_rest(gate, to);
}

const struct tenure_gate_output tenure_gate_markdown = {"markdown", print};
