/*
 * The parts of text reports: head, stacks, notes on what was cut.
 */
#include "report/out_text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "report/quality.h"

enum { HEAD_LINES = 5, TAIL_LINES = 5, FUNCTION_COLUMNS = 44 };

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
    fprintf(paper->to, " on %s, %s allocator, ",
            tenure_snapshot_string(last, p->host),
            tenure_snapshot_string(last, p->allocator));
    if (p->sample_bytes)
        fprintf(paper->to, "one sample per %s",
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
        fprintf(paper->to, " \"%s\"", label);
        tenure_ink(paper, TENURE_PLAIN);
    }
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "  %s", slash ? slash + 1 : s->path);
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
    uint32_t count =
        tenure_quality_of(&series->snapshots[series->timeline.count - 1], list);
    if (count > 0)
        fputc('\n', paper->to);
    for (uint32_t i = 0; i < count; i++) {
        tenure_ink(paper, list[i].dropped ? TENURE_RED : TENURE_YELLOW);
        fprintf(paper->to, "  ! %s %s", tenure_text_count(list[i].count).text,
                list[i].means);
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
    fputc('\n', view->paper.to);
}

/* A path as seen from here, when it is below. */
static const char *near_path(const char *file)
{
    static char here[4096];
    if (!here[0] && (!getcwd(here, sizeof here - 1) || here[1] == 0))
        strcpy(here, "?");
    size_t bytes = strlen(here);
    return strncmp(file, here, bytes) == 0 && file[bytes] == '/'
               ? file + bytes + 1
               : file;
}

/* How a program starts stands at the outer end of every stack, and is never
 * the story: shown with --depth=0 only. */
static bool is_start(const char *function)
{
    static const char *const names[] = {"__libc_start_call_main",
                                        "__libc_start_main",
                                        "__libc_start_main_impl",
                                        "__libc_init_first",
                                        "_start",
                                        "start_thread",
                                        "clone3",
                                        "__clone3",
                                        "clone"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(function, names[i]) == 0)
            return true;
    return false;
}

static void print_place(const struct tenure_view *view,
                        const struct tenure_stack_frame *frame, size_t room)
{
    const struct tenure_paper *paper = &view->paper;
    const struct tenure_frame *f = frame->frame;
    const char *module = tenure_frame_module(frame, view->series);
    const char *problem =
        frame->call->image == TENURE_NONE
            ? NULL
            : tenure_symbols_problem(view->symbols, frame->call->image);
    char place[4096 + 16];
    if (f->file[0]) {
        snprintf(place, sizeof place, "%s:%u", near_path(f->file), f->line);
        tenure_print_cut(paper, place, room, 0);
        fputs("  ", paper->to);
    }
    tenure_ink(paper, TENURE_DIM);
    if (f->kind == TENURE_FRAME_INLINE)
        fputs("inlined", paper->to);
    else
        fprintf(paper->to, "%s%s",
                *module                       ? module
                : f->kind == TENURE_FRAME_JIT ? "jit"
                                              : "no module",
                f->past ? " (nearest symbol)" : "");
    if (problem)
        fprintf(paper->to, " (%s)", problem);
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
}

void tenure_text_stack(const struct tenure_view *view,
                       const struct tenure_stack *stack)
{
    const struct tenure_paper *paper = &view->paper;
    size_t frames = stack->count;
    while (view->depth > 0 && frames > 1 &&
           is_start(stack->at[frames - 1].frame->function))
        frames--;
    size_t shown = view->depth > 0 && view->depth + 1 < frames
                       ? (size_t)view->depth
                       : frames;
    size_t widest = 0, limit = FUNCTION_COLUMNS;
    char text[2048];
    for (size_t i = 0; i < shown; i++) {
        size_t columns = tenure_text_columns(
            tenure_frame_title(&stack->at[i], text, sizeof text));
        widest = columns > widest ? columns : widest;
    }
    if (paper->width > 0 && paper->width / 2 < limit)
        limit = paper->width / 2;
    size_t pad = widest < limit ? widest : limit;
    size_t cut = paper->width > 0 ? limit : SIZE_MAX;
    size_t room = paper->width > pad + 40 ? paper->width - pad - 28
                  : paper->width > 0      ? 24
                                          : SIZE_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct tenure_stack_frame *frame = &stack->at[i];
        bool dim = frame->plumbing;
        tenure_frame_title(frame, text, sizeof text);
        fputs("      ", paper->to);
        tenure_ink(paper, dim                 ? TENURE_DIM
                          : i == stack->title ? TENURE_BOLD
                                              : TENURE_PLAIN);
        tenure_print_cut(paper, text, cut, pad);
        tenure_ink(paper, TENURE_PLAIN);
        fputs("  ", paper->to);
        print_place(view, frame, room);
    }
    tenure_ink(paper, TENURE_DIM);
    if (shown < frames)
        fprintf(paper->to, "      ... %zu more frames (--depth=0)\n",
                frames - shown);
    fprintf(paper->to, "      thread %s, site %016" PRIx64,
            tenure_call_thread_name(stack->thread, text, sizeof text),
            tenure_stack_id(stack, view->series));
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
}

const char *tenure_text_noun(const struct tenure_view *view, size_t count)
{
    static const char *const nouns[][2] = {
        [TENURE_GROUP_SITE] = {"site", "sites"},
        [TENURE_GROUP_FUNCTION] = {"function", "functions"},
        [TENURE_GROUP_MODULE] = {"module", "modules"},
        [TENURE_GROUP_THREAD] = {"thread", "threads"}};
    return nouns[view->group][count != 1];
}

void tenure_text_title(const struct tenure_view *view,
                       const struct tenure_line *line,
                       struct tenure_stack *stack, size_t used_columns)
{
    const struct tenure_paper *paper = &view->paper;
    size_t room = paper->width > used_columns + 12 ? paper->width - used_columns
                                                   : SIZE_MAX;
    char text[2048] = "(no stack)";
    const char *title = text;
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
