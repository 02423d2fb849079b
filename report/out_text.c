/*
 * The parts of text reports: head, stacks, notes on what was cut.
 */
#include "report/out_text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "report/classes.h"
#include "report/quality.h"
#include "report/unseen_modules.h"

enum { HEAD_LINES = 5, TAIL_LINES = 5, TITLE_COLUMNS = 24 };

static const char *const triggers[] = {
#define X(name, number, text) [number] = text,
    TENURE_TRIGGERS(X)
#undef X
};

static const char *trigger_name(uint32_t trigger)
{
    size_t count = sizeof triggers / sizeof *triggers;
    return trigger < count && triggers[trigger] ? triggers[trigger] : "?";
}

static void print_process(const struct tenure_view *view)
{
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_timeline *line = &view->series->timeline;
    const struct tenure_snapshot *last =
        &view->series->snapshots[line->count - 1];
    const struct tenure_process *p = last->process;
    char name[512];
    tenure_ink(paper, TENURE_BOLD);
    fputs(tenure_process_name(last, name, sizeof name), paper->to);
    tenure_ink(paper, TENURE_PLAIN);
    fputs(" on ", paper->to);
    tenure_print_text(paper, tenure_snapshot_string(last, p->host));
    fputs(", ", paper->to);
    tenure_print_text(paper, tenure_snapshot_string(last, p->allocator));
    fputs(" allocator, ", paper->to);
    if (p->sample_bytes)
        fprintf(paper->to, "one sample per %s: numbers are estimates",
                tenure_text_bytes(p->sample_bytes).text);
    else
        fputs("every block counted", paper->to);
    if (p->flags & TENURE_PROCESS_DORMANT)
        fputs(", tracked since it was woken", paper->to);
    fputc('\n', paper->to);
    tenure_ink(paper, TENURE_DIM);
    tenure_print_cut(paper, tenure_snapshot_string(last, p->command),
                     paper->width > 0 ? paper->width : SIZE_MAX, 0);
    tenure_ink(paper, TENURE_PLAIN);
    fputs("\n\n", paper->to);
}

static void print_snapshot(const struct tenure_view *view, uint32_t i)
{
    const struct tenure_snapshot *s = &view->series->snapshots[i];
    const struct tenure_process *p = s->process;
    const struct tenure_paper *paper = &view->paper;
    const char *label = tenure_snapshot_string(s, p->label);
    const char *slash = strrchr(s->path, '/');
    fprintf(paper->to, "  %s, %s", p->kind == TENURE_MAJOR ? "major" : "minor",
            trigger_name(p->trigger));
    if (*label) {
        tenure_ink(paper, TENURE_BOLD);
        fputs(" \"", paper->to);
        tenure_print_text(paper, label);
        fputc('"', paper->to);
        tenure_ink(paper, TENURE_PLAIN);
    }
    tenure_ink(paper, TENURE_DIM);
    fputs("  ", paper->to);
    tenure_print_text(paper, slash ? slash + 1 : s->path);
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
}

static void add_snapshot(struct tenure_table *table,
                         const struct tenure_snapshot *s, uint64_t since_ns)
{
    const struct tenure_process *p = s->process;
    struct tenure_number number = tenure_text_count(p->seq);
    tenure_table_add(table, number);
    tenure_table_add(table, tenure_text_time(p->time_unix_ns, since_ns));
    tenure_table_add(table, tenure_text_seconds((double)p->age_ns / 1e9));
    tenure_table_add(table, tenure_text_count(tenure_snapshot_value(
                                s, TENURE_VALUE_LIVE_BLOCKS)));
    tenure_table_add(table, tenure_text_bytes(tenure_snapshot_value(
                                s, TENURE_VALUE_LIVE_BYTES)));
    tenure_table_add(table, tenure_text_bytes(tenure_snapshot_value(
                                s, TENURE_VALUE_RSS_BYTES)));
}

static void print_snapshots(const struct tenure_view *view)
{
    static const char *const names[] = {"#",           "Taken",     "Age",
                                        "Live Blocks", "Live Size", "RSS"};
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_series *series = view->series;
    uint32_t count = series->timeline.count;
    struct tenure_table table;
    tenure_table_start(&table, sizeof names / sizeof *names, names);
    for (uint32_t i = 0; i < count; i++)
        add_snapshot(&table, &series->snapshots[i],
                     series->snapshots[0].process->started_unix_ns);
    tenure_ink(paper, TENURE_DIM);
    fputs("  ", paper->to);
    tenure_table_print(&table, 0, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
    for (uint32_t i = 0; i < count; i++) {
        if (i == HEAD_LINES && count > HEAD_LINES + TAIL_LINES + 1) {
            uint32_t left_out = count - HEAD_LINES - TAIL_LINES;
            fprintf(paper->to, "  ... %u more snapshots ...\n", left_out);
            i += left_out;
        }
        fputs("  ", paper->to);
        tenure_table_print(&table, i + 1, paper);
        print_snapshot(view, i);
    }
    tenure_table_drop(&table);
}

static void print_quality(const struct tenure_view *view)
{
    struct tenure_quality list[TENURE_QUALITY_MAX];
    const struct tenure_series *series = view->series;
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_snapshot *last =
        &series->snapshots[series->timeline.count - 1];
    char unseen[512];
    struct tenure_words words = tenure_words_in(unseen, sizeof unseen);
    uint32_t count = tenure_quality_of(last, list);
    tenure_unseen_modules_say(last, NULL, ", ", &words);
    if (count > 0)
        fputc('\n', paper->to);
    for (uint32_t i = 0; i < count; i++) {
        tenure_ink(paper, list[i].dropped ? TENURE_RED : TENURE_YELLOW);
        fprintf(paper->to, "  ! %s %s", tenure_text_count(list[i].count).text,
                list[i].means);
        if (list[i].which)
            fprintf(paper->to, ": %s", list[i].which);
        if (list[i].key == TENURE_VALUE_UNSEEN_MODULES)
            fprintf(paper->to, ": %s", unseen);
        tenure_ink(paper, TENURE_PLAIN);
        tenure_ink(paper, TENURE_DIM);
        fprintf(paper->to, " (%s)", list[i].name);
        tenure_ink(paper, TENURE_PLAIN);
        fputc('\n', paper->to);
    }
}

void tenure_text_head(const struct tenure_view *view)
{
    print_process(view);
    print_snapshots(view);
    print_quality(view);
    if (view->group == TENURE_GROUP_TYPE && !tenure_classes_known(view->series))
        fputs(
            "\n  no C++ types: they need major snapshots (tenure run "
            "--major, tenure snap --major)\n",
            view->paper.to);
    fputc('\n', view->paper.to);
}

const char *tenure_text_noun(const struct tenure_view *view, size_t count)
{
    static const char *const nouns[][2] = {
        [TENURE_GROUP_SITE] = {"site", "sites"},
        [TENURE_GROUP_FUNCTION] = {"function", "functions"},
        [TENURE_GROUP_MODULE] = {"module", "modules"},
        [TENURE_GROUP_THREAD] = {"thread", "threads"},
        [TENURE_GROUP_TYPE] = {"type", "types"}};
    return nouns[view->group][count != 1];
}

void tenure_text_title(const struct tenure_view *view,
                       const struct tenure_line *line,
                       struct tenure_stack *stack, size_t used_columns)
{
    const struct tenure_paper *paper = &view->paper;
    size_t room = SIZE_MAX;
    char text[2048] = "(no stack)";
    const char *title = text;
    if (paper->width >= used_columns + TITLE_COLUMNS) {
        room = paper->width - used_columns;
    } else if (paper->width > 0) { /* no room beside the numbers */
        room = paper->width > TITLE_COLUMNS ? paper->width - 6 : SIZE_MAX;
        fprintf(paper->to, "\n%*s", 6, "");
    }
    tenure_stack_load(stack, view->series, view->symbols, line->site->call);
    if (line->name)
        title = line->name;
    else if (stack->count > 0)
        tenure_frame_title(&stack->at[stack->title], text, sizeof text);
    tenure_ink(paper, TENURE_BOLD);
    tenure_print_cut(paper, title, room, 0);
    tenure_ink(paper, TENURE_PLAIN);
    if (line->name) {
        tenure_ink(paper, TENURE_DIM);
        fprintf(paper->to, "  %u site%s", line->sites,
                line->sites == 1 ? "" : "s");
        tenure_ink(paper, TENURE_PLAIN);
    }
    fputc('\n', paper->to);
}

void tenure_text_cut(const struct tenure_view *view,
                     const struct tenure_lines *lines)
{
    if (lines->shown == lines->count)
        return;
    fprintf(view->paper.to, "\n%s of %s %s shown; --top=0 shows all\n",
            tenure_text_count(lines->shown).text,
            tenure_text_count(lines->count).text,
            tenure_text_noun(view, lines->count));
}

void tenure_text_outcome(const struct tenure_view *view)
{
    const struct tenure_paper *paper = &view->paper;
    tenure_ink(paper, TENURE_BOLD);
    fprintf(paper->to, "%s", tenure_verdict_name(view->outcome.verdict));
    tenure_ink(paper, TENURE_PLAIN);
    for (uint32_t i = 0; i < view->outcome.reason_count; i++)
        fprintf(paper->to, "%s %s", i ? ";" : ":", view->outcome.reasons[i]);
    fputc('\n', paper->to);
}
