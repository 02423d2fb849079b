/*
 * tenure show as text: memory, generations, threads, then the sites that
 * hold most, and mappings apart from them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/format/objects.h"
#include "report/out_text.h"

enum { RANK_COLUMNS = 4, THREADS_SHOWN = 12 };

static const char *const age_names[TENURE_AGES] = {"nursery", "intermediate",
                                                   "tenured"};

static void print_memory(const struct tenure_view *view)
{
    static const struct {
        uint32_t key;
        const char *name;
    } lines[] = {
        {TENURE_VALUE_RSS_BYTES, "resident (RSS)"},
        {TENURE_VALUE_LIVE_BYTES, "live blocks"},
        {TENURE_VALUE_ALLOCATOR_BYTES, "allocator, from the system"},
        {TENURE_VALUE_MAPPED_BYTES, "mapped by the program"},
        {TENURE_VALUE_STACK_BYTES, "stack of the main thread"},
        {TENURE_VALUE_FILE_RSS_BYTES, "code and files"},
        {TENURE_VALUE_AGENT_BYTES, "tenure's agent"},
        {TENURE_VALUE_LIMIT_BYTES, "limit (cgroup or machine)"},
    };
    static const char *const none[] = {"Memory"};
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    struct tenure_table table;
    size_t row = 0;
    tenure_table_start(&table, 1, none);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        tenure_table_add(
            &table, tenure_text_bytes(tenure_snapshot_value(s, lines[i].key)));
    tenure_ink(&view->paper, TENURE_BOLD);
    fputs("Memory\n", view->paper.to);
    tenure_ink(&view->paper, TENURE_PLAIN);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        row++;
        if (tenure_snapshot_value(s, lines[i].key) == 0)
            continue;
        fputs("  ", view->paper.to);
        tenure_table_print(&table, row, &view->paper);
        fprintf(view->paper.to, "  %s\n", lines[i].name);
    }
    tenure_table_drop(&table);
    if (tenure_snapshot_value(s, TENURE_VALUE_RSS_BYTES) > 0 &&
        tenure_snapshot_value(s, TENURE_VALUE_AGENT_BYTES) == 0)
        fputs(
            "  of the resident memory, the shares of the allocator, the "
            "stacks and the\n  agent are unknown: the kernel does not tell "
            "in a process that changed its user\n",
            view->paper.to);
    fprintf(
        view->paper.to, "  %s allocations of %s so far, %s blocks live\n",
        tenure_text_count(
            tenure_snapshot_value(s, TENURE_VALUE_ALLOCATED_BLOCKS))
            .text,
        tenure_text_bytes(
            tenure_snapshot_value(s, TENURE_VALUE_ALLOCATED_BYTES))
            .text,
        tenure_text_count(tenure_snapshot_value(s, TENURE_VALUE_LIVE_BLOCKS))
            .text);
}

/* How a major snapshot stopped the threads, or why there is no mark. */
static void print_mark(const struct tenure_view *view)
{
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    const char *method = tenure_snapshot_string(s, s->process->stop_method);
    if (!*method)
        return;
    bool major = s->process->kind == TENURE_MAJOR;
    fputs(major ? "  mark: " : "  ", view->paper.to);
    tenure_print_text(&view->paper, method);
    if (major)
        fprintf(view->paper.to, ", pause %.1f ms",
                (double)tenure_snapshot_value(s, TENURE_VALUE_PAUSE_US) / 1000);
    if (s->process->flags & TENURE_PROCESS_DIRTY_MARK)
        fputs(
            "\n  threads were missing from the mark: what only their "
            "registers hold is not\n  seen, and nothing is lost by this "
            "mark alone",
            view->paper.to);
    fputc('\n', view->paper.to);
}

/* What --verify compared; silence would look like no comparison. */
static void print_verified(const struct tenure_view *view)
{
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    const char *options = tenure_snapshot_string(s, s->process->options);
    uint64_t compared = tenure_snapshot_value(s, TENURE_VALUE_VERIFIED);
    if (compared == 0 && !strstr(options, "verify="))
        return;
    fprintf(view->paper.to, "  %s stack%s compared with libunwind's",
            tenure_text_count(compared).text, compared == 1 ? "" : "s");
    fprintf(view->paper.to, ", %s differed\n",
            tenure_text_count(
                tenure_snapshot_value(s, TENURE_VALUE_MISMATCHED_STACKS))
                .text);
}

static void print_unmarked(const struct tenure_view *view)
{
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    const char *why = tenure_snapshot_string(s, s->process->stop_method);
    fputs(", without marks and edges: ", view->paper.to);
    tenure_print_text(&view->paper, *why ? why : "this is a minor snapshot");
}

/* Every block is in the file, if that was asked for and went well. */
static void print_objects(const struct tenure_view *view)
{
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    const struct tenure_objects_head *objects = s->objects;
    FILE *to = view->paper.to;
    if (!objects)
        return;
    const char *note = tenure_snapshot_string(s, objects->note);
    if (*note) {
        fputs("  objects: none, though asked for: ", to);
        tenure_print_text(&view->paper, note);
        fputc('\n', to);
        return;
    }
    fprintf(to, "  objects: %s%s", tenure_text_count(objects->blocks).text,
            s->process->sample_bytes ? " samples" : "");
    if (objects->flags & TENURE_OBJECTS_MARKED) {
        fprintf(to, ", edges: %s", tenure_text_count(objects->edges).text);
        fprintf(to, " and %s from roots",
                tenure_text_count(objects->roots).text);
    } else {
        print_unmarked(view);
    }
    if (objects->blocks > 0)
        fprintf(to, "; %.1f bytes an object on disk",
                (double)s->objects_bytes / (double)objects->blocks);
    fputc('\n', to);
}

static void print_generations(const struct tenure_view *view)
{
    static const char *const names[] = {"Blocks", "Size"};
    static const char *const meaning[TENURE_AGES] = {
        "born in the last generation", "survived one snapshot",
        "survived two or more"};
    uint64_t blocks[TENURE_AGES] = {0}, bytes[TENURE_AGES] = {0};
    const struct tenure_site_list *sites = &view->series->sites;
    struct tenure_table table;
    for (size_t i = 0; i < sites->count; i++) {
        for (int age = 0; age < TENURE_AGES; age++) {
            blocks[age] += sites->at[i].age_blocks[age];
            bytes[age] += sites->at[i].age_bytes[age];
        }
    }
    tenure_table_start(&table, 2, names);
    for (int age = 0; age < TENURE_AGES; age++) {
        tenure_table_add(&table, tenure_text_count(blocks[age]));
        tenure_table_add(&table, tenure_text_bytes(bytes[age]));
    }
    tenure_ink(&view->paper, TENURE_BOLD);
    fprintf(view->paper.to, "\nGenerations (%u closed)\n",
            view->series->timeline.generation[0]);
    tenure_ink(&view->paper, TENURE_PLAIN);
    for (int age = 0; age < TENURE_AGES; age++) {
        fputs("  ", view->paper.to);
        tenure_table_print(&table, (size_t)age + 1, &view->paper);
        fprintf(view->paper.to, "  %-12s ", age_names[age]);
        tenure_ink(&view->paper, TENURE_DIM);
        fprintf(view->paper.to, "%s\n", meaning[age]);
        tenure_ink(&view->paper, TENURE_PLAIN);
    }
    tenure_table_drop(&table);
}

static int by_traffic(const void *left, const void *right)
{
    const struct tenure_thread *a = left, *b = right;
    if (a->allocated_bytes != b->allocated_bytes)
        return a->allocated_bytes > b->allocated_bytes ? -1 : 1;
    return (a->tid > b->tid) - (a->tid < b->tid);
}

static void print_threads(const struct tenure_view *view)
{
    static const char *const names[] = {"TID", "Allocations", "Allocated"};
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    const struct tenure_paper *paper = &view->paper;
    if (s->threads_count == 0)
        return;
    struct tenure_arena scratch = {0};
    struct tenure_thread *threads =
        tenure_arena_take(&scratch, s->threads_count, sizeof *threads);
    memcpy(threads, s->threads, s->threads_count * sizeof *threads);
    qsort(threads, s->threads_count, sizeof *threads, by_traffic);
    size_t shown = s->threads_count;
    if (view->top > 0 && shown > THREADS_SHOWN)
        shown = THREADS_SHOWN;
    struct tenure_table table;
    tenure_table_start(&table, 3, names);
    for (size_t i = 0; i < shown; i++) {
        struct tenure_number tid;
        snprintf(tid.text, sizeof tid.text, "%u", threads[i].tid);
        tenure_table_add(&table, tid);
        tenure_table_add(&table,
                         tenure_text_count(threads[i].allocated_blocks));
        tenure_table_add(&table, tenure_text_bytes(threads[i].allocated_bytes));
    }
    tenure_ink(paper, TENURE_BOLD);
    fputs("\nThreads\n", paper->to);
    tenure_ink(paper, TENURE_DIM);
    for (size_t i = 0; i <= shown; i++) {
        fputs("  ", paper->to);
        tenure_table_print(&table, i, paper);
        fputs("  ", paper->to);
        tenure_print_text(
            paper,
            i == 0 ? "Name" : tenure_snapshot_string(s, threads[i - 1].name));
        fputc('\n', paper->to);
        tenure_ink(paper, TENURE_PLAIN);
    }
    if (shown < s->threads_count)
        fprintf(paper->to,
                "  %zu of %" PRIu64
                " threads shown; --top=0 "
                "shows all\n",
                shown, s->threads_count);
    tenure_table_drop(&table);
    tenure_arena_drop(&scratch);
}

/* The last one only where numbers are estimates. */
static const char *const names[] = {"Blocks",       "Size",    "Nursery",
                                    "Intermediate", "Tenured", "Std. Error"};
enum { COLUMNS = sizeof names / sizeof *names };

static void add_row(struct tenure_table *table, const struct tenure_line *line)
{
    tenure_table_add(table, tenure_text_count(line->live_blocks));
    tenure_table_add(table, tenure_text_bytes(line->live_bytes));
    for (int age = 0; age < TENURE_AGES; age++)
        tenure_table_add(table, tenure_text_bytes(line->age_bytes[age]));
    if (table->columns == COLUMNS)
        tenure_table_add(table, tenure_text_error(line->variances.live_bytes));
}

static void print_list(const struct tenure_view *view,
                       const struct tenure_lines *lines, const char *title)
{
    const struct tenure_paper *paper = &view->paper;
    bool sampled = view->series->timeline.sample_bytes > 0;
    struct tenure_stack stack = {0};
    struct tenure_table table;
    size_t used = RANK_COLUMNS + 2;
    tenure_table_start(&table, sampled ? COLUMNS : COLUMNS - 1, names);
    for (size_t i = 0; i < lines->shown; i++)
        add_row(&table, &lines->at[i]);
    for (size_t i = 0; i < table.columns; i++)
        used += table.width[i] + 2;
    tenure_ink(paper, TENURE_BOLD);
    fprintf(paper->to, "\n%s", title);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, ": %s of %s %s\n\n",
            tenure_text_count(lines->shown).text,
            tenure_text_count(lines->count).text,
            tenure_text_noun(view, lines->count));
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "%*s", RANK_COLUMNS, "");
    tenure_table_print(&table, 0, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fputc('\n', paper->to);
    for (size_t i = 0; i < lines->shown; i++) {
        if (i > 0 && view->group == TENURE_GROUP_SITE)
            fputc('\n', paper->to);
        fprintf(paper->to, "%*zu. ", RANK_COLUMNS - 2, i + 1);
        tenure_table_print(&table, i + 1, paper);
        fputs("  ", paper->to);
        tenure_text_title(view, &lines->at[i], &stack, used);
        if (view->group == TENURE_GROUP_SITE)
            tenure_text_stack(view, &stack);
    }
    tenure_text_cut(view, lines);
    tenure_stack_drop(&stack);
    tenure_table_drop(&table);
}

static void print(struct tenure_view *view)
{
    const struct tenure_series *series = view->series;
    struct tenure_lines sites, mappings;
    tenure_lines_make(&sites, series, &series->sites, view->symbols,
                      TENURE_LIVE, view->group, view->sort, view->top);
    tenure_lines_make(&mappings, series, &series->mappings, view->symbols,
                      TENURE_LIVE, view->group, view->sort, view->top);
    tenure_symbols_resolve(view->symbols);
    tenure_text_head(view);
    print_memory(view);
    print_mark(view);
    tenure_text_lost(view);
    print_verified(view);
    print_objects(view);
    print_generations(view);
    print_threads(view);
    print_list(view, &sites, "Blocks");
    if (mappings.count > 0)
        print_list(view, &mappings, "Mappings (mmap), apart from blocks");
    tenure_lines_drop(&sites);
    tenure_lines_drop(&mappings);
}

const struct tenure_output tenure_out_text_show = {"text", print};
