/*
 * tenure diff as text: the comparison's columns, and below each site the
 * stack that allocated.
 */
#include <string.h>

#include "report/out_text.h"

/* The last one only where numbers are estimates. */
static const char *const names[] = {"# New",       "# Deleted",  "# Delta",
                                    "Alloc. Size", "Freed Size", "Size Delta",
                                    "Grown",       "Std. Error"};
enum { COLUMNS = sizeof names / sizeof *names, RANK_COLUMNS = 4 };

static void add_row(struct tenure_table *table, const struct tenure_columns *c,
                    const struct tenure_variances *variances)
{
    tenure_table_add(table, tenure_text_count(c->new_blocks));
    tenure_table_add(table, tenure_text_count(c->deleted_blocks));
    tenure_table_add(table, tenure_text_count_delta(c->delta));
    tenure_table_add(table, tenure_text_bytes(c->alloc_bytes));
    tenure_table_add(table, tenure_text_bytes(c->freed_bytes));
    tenure_table_add(table, tenure_text_bytes_delta(c->size_delta));
    tenure_table_add(table, tenure_text_bytes_delta(c->grown_bytes));
    if (table->columns == COLUMNS)
        tenure_table_add(table, tenure_text_error(variances->size_delta));
}

static size_t columns_of(const struct tenure_table *table)
{
    size_t columns = RANK_COLUMNS + 2;
    for (size_t i = 0; i < table->columns; i++)
        columns += table->width[i] + 2;
    return columns;
}

static void print_line(const struct tenure_view *view,
                       const struct tenure_table *table, size_t rank,
                       const struct tenure_line *line,
                       struct tenure_stack *stack)
{
    const struct tenure_paper *paper = &view->paper;
    int64_t delta = line->columns.size_delta;
    if (view->group == TENURE_GROUP_SITE || rank == 1)
        fputc('\n', paper->to);
    fprintf(paper->to, "%*zu. ", RANK_COLUMNS - 2, rank);
    tenure_ink(paper, delta > 0   ? TENURE_RED
                      : delta < 0 ? TENURE_GREEN
                                  : TENURE_PLAIN);
    tenure_table_print(table, rank + 1, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fputs("  ", paper->to);
    tenure_text_title(view, line, stack, columns_of(table));
    if (view->group != TENURE_GROUP_SITE)
        return;
    tenure_text_stack(view, stack);
    if (line->site->grown_by != TENURE_NONE && line->columns.grown_bytes > 0) {
        fputs("      grown by realloc at\n", paper->to);
        tenure_stack_load(stack, view->series, view->symbols,
                          line->site->grown_by);
        tenure_text_stack(view, stack);
    }
}

static void print_list(const struct tenure_view *view,
                       const struct tenure_site_list *list,
                       const struct tenure_lines *lines, const char *what)
{
    const struct tenure_paper *paper = &view->paper;
    struct tenure_stack stack = {0};
    struct tenure_table table;
    bool sampled = view->series->timeline.sample_bytes > 0;
    tenure_table_start(&table, sampled ? COLUMNS : COLUMNS - 1, names);
    add_row(&table, &list->totals, &list->total_variances);
    for (size_t i = 0; i < lines->shown; i++)
        add_row(&table, &lines->at[i].columns, &lines->at[i].variances);
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "%*s", RANK_COLUMNS, "");
    tenure_table_print(&table, 0, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, "\n%*s", RANK_COLUMNS, "");
    tenure_table_print(&table, 1, paper);
    tenure_ink(paper, TENURE_BOLD);
    fprintf(paper->to, "  %s", what);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, ", %s of %s %s changed\n",
            tenure_text_count(lines->sites).text,
            tenure_text_count(list->count).text,
            list->count == 1 ? "site" : "sites");
    for (size_t i = 0; i < lines->shown; i++)
        print_line(view, &table, i + 1, &lines->at[i], &stack);
    tenure_text_cut(view, lines);
    tenure_stack_drop(&stack);
    tenure_table_drop(&table);
}

static void want_growth(const struct tenure_view *view,
                        const struct tenure_lines *lines)
{
    for (size_t i = 0; i < lines->shown; i++)
        if (lines->at[i].site->grown_by != TENURE_NONE)
            tenure_symbols_want(view->symbols, lines->at[i].site->grown_by);
}

static void print(struct tenure_view *view)
{
    const struct tenure_series *series = view->series;
    struct tenure_lines sites, mappings;
    tenure_lines_make(&sites, series, &series->sites, view->symbols,
                      TENURE_CHANGED, view->group, view->sort, view->top);
    tenure_lines_make(&mappings, series, &series->mappings, view->symbols,
                      TENURE_CHANGED, view->group, view->sort, view->top);
    want_growth(view, &sites);
    tenure_symbols_resolve(view->symbols);
    tenure_text_head(view);
    print_list(view, &series->sites, &sites, "all blocks");
    if (mappings.count > 0) {
        fputs("\nMappings (mmap), apart from blocks\n\n", view->paper.to);
        print_list(view, &series->mappings, &mappings, "all mappings");
    }
    fputc('\n', view->paper.to);
    tenure_text_outcome(view);
    tenure_lines_drop(&sites);
    tenure_lines_drop(&mappings);
}

const struct tenure_output tenure_out_text_diff = {"text", print};
