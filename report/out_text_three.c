/*
 * tenure diff --three-snapshot BASE TARGET FINAL: what was born between BASE
 * and TARGET and is still alive in FINAL, after what was done in between has
 * been undone. The method is memlab's.
 */
#include <stdlib.h>

#include "report/out_text.h"
#include "report/three.h"

enum { RANK_COLUMNS = 4 };

static void add_row(struct tenure_table *table, uint64_t blocks, uint64_t bytes)
{
    tenure_table_add(table, tenure_text_count(blocks));
    tenure_table_add(table, tenure_text_bytes(bytes));
}

static void print_list(const struct tenure_view *view,
                       const struct tenure_kept_list *list, size_t shown,
                       const struct tenure_table *table)
{
    const struct tenure_paper *paper = &view->paper;
    struct tenure_stack stack = {0};
    for (size_t i = 0; i < shown; i++) {
        const struct tenure_line line = {.site = list->at[i].site, .sites = 1};
        fprintf(paper->to, "\n%*zu. ", RANK_COLUMNS - 2, i + 1);
        tenure_table_print(table, i + 2, paper);
        fputs("  ", paper->to);
        tenure_text_title(view, &line, &stack, RANK_COLUMNS + 40);
        tenure_text_stack(view, &stack);
    }
    tenure_stack_drop(&stack);
}

static void print(struct tenure_view *view)
{
    static const char *const names[] = {"# Kept", "Kept Size"};
    const struct tenure_paper *paper = &view->paper;
    struct tenure_kept_list list;
    struct tenure_table table;
    tenure_kept_make(&list, view->series);
    size_t shown =
        view->top && view->top < list.count ? (size_t)view->top : list.count;
    tenure_table_start(&table, 2, names);
    add_row(&table, list.blocks, list.bytes);
    for (size_t i = 0; i < shown; i++) {
        add_row(&table, list.at[i].blocks, list.at[i].bytes);
        tenure_symbols_want(view->symbols, list.at[i].site->call);
    }
    tenure_symbols_resolve(view->symbols);
    tenure_text_head(view);
    tenure_ink(paper, TENURE_DIM);
    fprintf(paper->to, "%*s", RANK_COLUMNS, "");
    tenure_table_print(&table, 0, paper);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, "\n%*s", RANK_COLUMNS, "");
    tenure_table_print(&table, 1, paper);
    tenure_ink(paper, TENURE_BOLD);
    fputs(
        "  born between the first and the second snapshot, alive in the "
        "third\n",
        paper->to);
    tenure_ink(paper, TENURE_PLAIN);
    print_list(view, &list, shown, &table);
    if (shown < list.count)
        fprintf(paper->to, "\n%s of %s sites shown; --top=0 shows all\n",
                tenure_text_count(shown).text,
                tenure_text_count(list.count).text);
    fputc('\n', paper->to);
    tenure_text_outcome(view);
    tenure_table_drop(&table);
    free(list.at);
}

const struct tenure_output tenure_out_text_three = {"text", print};
