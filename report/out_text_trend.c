/*
 * tenure diff of three and more snapshots as text: each site with its class,
 * its course, its rate, the evidence and the stack; what leaks comes first.
 */
#include <stdlib.h>
#include <string.h>

#include "report/findings.h"
#include "report/memory_series.h"
#include "report/out_text.h"
#include "report/trend.h"

enum {
    RANK_COLUMNS = 4,
    CLASS_COLUMNS = 10,
    MEMBERS_SHOWN = 5,
    HARMLESS_FRAMES = 4,
    COLUMNS = 4
};

struct list {
    const struct tenure_view *view;
    const struct tenure_findings *findings;
    struct tenure_table table; /* row 1: the totals; i + 2: finding i */
    struct tenure_stack stack;
    uint32_t shown; /* of the findings, in their order */
    bool utf8;
};

static enum tenure_ink ink_of(enum tenure_site_class class)
{
    if (!tenure_class_accuses(class))
        return TENURE_PLAIN;
    return TENURE_FAIL_ON(class) & TENURE_FAIL_ON_DEFAULT ? TENURE_RED
                                                          : TENURE_YELLOW;
}

/* The last snapshot before the program ended. */
static uint32_t last_running(const struct tenure_timeline *line)
{
    uint32_t last = line->count - 1;
    while (last && line->at_exit[last])
        last--;
    return last;
}

static void print_memory(const struct tenure_view *view)
{
    const struct tenure_series *series = view->series;
    const struct tenure_timeline *line = &series->timeline;
    char text[256];
    struct tenure_memory_growth growth;
    uint32_t last = last_running(line);
    struct tenure_memory_point point =
        tenure_memory_point_of(&series->snapshots[last]);
    enum tenure_memory_class class = tenure_memory_of_series(series, &growth);
    tenure_memory_text(&point, text, sizeof text);
    fprintf(view->paper.to, "  %s\n  RSS %s since the first snapshot: ", text,
            growth.rss_bytes ? tenure_text_bytes_delta(growth.rss_bytes).text
                             : "the same");
    tenure_ink(&view->paper,
               class == TENURE_MEMORY_FLAT ? TENURE_PLAIN : TENURE_BOLD);
    fputs(tenure_memory_class_name(class), view->paper.to);
    tenure_ink(&view->paper, TENURE_PLAIN);
    if (class != TENURE_MEMORY_FLAT && !growth.rises)
        fputs(", in a step rather than steadily", view->paper.to);
    else if (class == TENURE_MEMORY_FLAT && growth.agent_bytes > 1 << 20)
        fprintf(view->paper.to, ", without the %s of tenure's agent",
                tenure_text_bytes_delta(growth.agent_bytes).text);
    fputs("\n\n", view->paper.to);
}

static struct tenure_number rate_text(double rate)
{
    struct tenure_number number = {"-"};
    if (rate >= 0.5 || rate <= -0.5) {
        number = tenure_text_bytes_delta((int64_t)rate);
        strncat(number.text, "/s", sizeof number.text - 8);
    }
    return number;
}

/* The last column only where numbers are estimates. */
static void add_error(struct tenure_table *table,
                      const struct tenure_variances *variances)
{
    if (table->columns == COLUMNS)
        tenure_table_add(table, tenure_text_error(variances->size_delta));
}

/* The snapshot that a verdict is about: the one at exit tells only of what
 * is lost. */
static uint32_t last_judged(const struct list *list,
                            const struct tenure_finding *finding)
{
    const struct tenure_timeline *line = &list->view->series->timeline;
    return finding->verdict->class == TENURE_CLASS_LOST ? line->count - 1
                                                        : last_running(line);
}

static uint64_t live_bytes(const struct tenure_series *series, uint32_t at)
{
    return tenure_snapshot_value(&series->snapshots[at],
                                 TENURE_VALUE_LIVE_BYTES);
}

static struct tenure_number delta_text(const struct list *list,
                                       const struct tenure_finding *finding)
{
    uint32_t last = last_judged(list, finding);
    const uint64_t *bytes = finding->site->population.live_bytes;
    return tenure_text_bytes_delta((int64_t)(bytes[last] - bytes[0]));
}

static void add_rows(struct list *list)
{
    static const char *const names[COLUMNS] = {"Live Size", "Size Delta",
                                               "Rate", "Std. Error"};
    const struct tenure_series *series = list->view->series;
    uint32_t last = last_running(&series->timeline);
    bool sampled = series->timeline.sample_bytes > 0;
    tenure_table_start(&list->table, sampled ? COLUMNS : COLUMNS - 1, names);
    tenure_table_add(&list->table, tenure_text_bytes(live_bytes(series, last)));
    tenure_table_add(
        &list->table,
        tenure_text_bytes_delta(
            last + 1 == series->timeline.count
                ? series->sites.totals.size_delta
                : (int64_t)(live_bytes(series, last) - live_bytes(series, 0))));
    tenure_table_add(&list->table, rate_text(0));
    add_error(&list->table, &series->sites.total_variances);
    for (uint32_t i = 0; i < list->shown; i++) {
        const struct tenure_finding *finding = &list->findings->at[i];
        const struct tenure_population *p = &finding->site->population;
        tenure_table_add(
            &list->table,
            tenure_text_bytes(p->live_bytes[last_judged(list, finding)]));
        tenure_table_add(&list->table, delta_text(list, finding));
        tenure_table_add(&list->table, rate_text(finding->verdict->rate));
        add_error(&list->table, &finding->site->variances);
    }
}

static uint32_t trend_columns(const struct list *list)
{
    uint32_t count = list->view->series->timeline.count;
    return count < TENURE_TREND_COLUMNS ? count : TENURE_TREND_COLUMNS;
}

static void print_cells(const struct list *list, const uint64_t *values,
                        size_t row)
{
    char drawn[TENURE_TREND_BYTES];
    uint32_t count = list->view->series->timeline.count;
    fprintf(list->view->paper.to, "%s  ",
            tenure_trend_draw(values, count, list->utf8, drawn));
    tenure_table_print(&list->table, row, &list->view->paper);
}

static void print_head(const struct list *list)
{
    const struct tenure_paper *paper = &list->view->paper;
    const struct tenure_series *series = list->view->series;
    uint32_t count = series->timeline.count;
    uint64_t *live = tenure_zeroed(count, sizeof *live);
    for (uint32_t i = 0; i < count; i++)
        live[i] = tenure_snapshot_value(&series->snapshots[i],
                                        TENURE_VALUE_LIVE_BYTES);
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "%*s%-*s%-*s  ", RANK_COLUMNS, "", CLASS_COLUMNS,
            "Class", (int)trend_columns(list), "Trend");
    tenure_table_print(&list->table, 0, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, "\n%*s%-*s", RANK_COLUMNS, "", CLASS_COLUMNS, "");
    print_cells(list, live, 1);
    tenure_ink(paper, TENURE_BOLD);
    fputs("  all blocks", paper->to);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(
        paper->to, ", %s of %s sites changed\n",
        tenure_text_count(list->findings->count).text,
        tenure_text_count(series->sites.count + series->mappings.count).text);
    free(live);
}

static void print_members(struct list *list, uint32_t leader)
{
    const struct tenure_findings *findings = list->findings;
    const struct tenure_paper *paper = &list->view->paper;
    uint32_t left = findings->at[leader].members, printed = 0;
    char text[512];
    if (left)
        fprintf(paper->to, "      with %u more of the same cause:\n", left);
    for (uint32_t i = leader + 1; i < findings->accused && left; i++) {
        const struct tenure_finding *member = &findings->at[i];
        if (member->leader != leader)
            continue;
        left--;
        if (printed++ == MEMBERS_SHOWN)
            fprintf(paper->to, "        ... (--format=json lists them)\n");
        if (printed > MEMBERS_SHOWN)
            continue;
        struct tenure_stack *stack = &list->stack;
        tenure_stack_load(stack, list->view->series, list->view->symbols,
                          member->site->call);
        fprintf(paper->to, "        %10s  ", delta_text(list, member).text);
        size_t inner = stack->title > 0 ? stack->title - 1 : 0;
        for (size_t f = inner; f < stack->count && f < inner + 3; f++)
            fprintf(paper->to, "%s%s", f > inner ? " < " : "",
                    tenure_frame_title(&stack->at[f], text, sizeof text));
        fputc('\n', paper->to);
    }
}

/* What nobody is accused of needs no long story. */
static void print_stack(const struct tenure_view *view,
                        const struct tenure_stack *stack,
                        const struct tenure_finding *finding)
{
    struct tenure_view brief = *view;
    if (brief.depth > HARMLESS_FRAMES &&
        !tenure_class_accuses(finding->verdict->class))
        brief.depth = HARMLESS_FRAMES;
    tenure_text_stack(&brief, stack);
}

static void print_finding(struct list *list, uint32_t i, uint32_t number)
{
    const struct tenure_view *view = list->view;
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_finding *finding = &list->findings->at[i];
    const struct tenure_line line = {.site = finding->site, .sites = 1};
    char text[512];
    fprintf(paper->to, "\n%*u. ", RANK_COLUMNS - 2, number);
    tenure_ink(paper, ink_of(finding->verdict->class));
    fprintf(paper->to, "%-*s", CLASS_COLUMNS,
            tenure_class_name(finding->verdict->class));
    print_cells(list, finding->site->population.live_bytes, i + 2);
    tenure_ink(paper, TENURE_PLAIN);
    fputs(finding->mapping ? "  (mapping) " : "  ", paper->to);
    tenure_text_title(view, &line, &list->stack,
                      RANK_COLUMNS + CLASS_COLUMNS + trend_columns(list) + 40 +
                          14u * (list->table.columns == COLUMNS));
    tenure_verdict_text(finding->verdict, &finding->site->population, text,
                        sizeof text);
    fprintf(paper->to, "      %s\n", text);
    print_stack(view, &list->stack, finding);
    if (finding->site->grown_by != TENURE_NONE &&
        finding->verdict->class == TENURE_CLASS_GROWN) {
        fputs("      grown by realloc at\n", paper->to);
        tenure_stack_load(&list->stack, view->series, view->symbols,
                          finding->site->grown_by);
        tenure_text_stack(view, &list->stack);
    }
    print_members(list, i);
}

/* The findings that are shown, with their names. */
static void choose(struct list *list)
{
    const struct tenure_view *view = list->view;
    uint32_t lines = 0;
    while (list->shown < list->findings->count &&
           (!view->top || lines < view->top)) {
        const struct tenure_finding *next = &list->findings->at[list->shown];
        lines += next->leader == list->shown;
        list->shown++;
        tenure_symbols_want(view->symbols, next->site->call);
        if (next->site->grown_by != TENURE_NONE)
            tenure_symbols_want(view->symbols, next->site->grown_by);
    }
    tenure_symbols_resolve(view->symbols);
}

static void print(struct tenure_view *view)
{
    struct list list = {
        .view = view, .findings = &view->findings, .utf8 = tenure_trend_utf8()};
    uint32_t number = 0;
    choose(&list);
    add_rows(&list);
    tenure_text_head(view);
    print_memory(view);
    print_head(&list);
    for (uint32_t i = 0; i < list.shown; i++)
        if (list.findings->at[i].leader == i)
            print_finding(&list, i, ++number);
    if (list.shown < list.findings->count)
        fprintf(view->paper.to, "\n%s of %s sites shown; --top=0 shows all\n",
                tenure_text_count(list.shown).text,
                tenure_text_count(list.findings->count).text);
    fputc('\n', view->paper.to);
    tenure_text_outcome(view);
    tenure_table_drop(&list.table);
    tenure_stack_drop(&list.stack);
}

const struct tenure_output tenure_out_text_trend = {"text", print};
