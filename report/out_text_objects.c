/*
 * tenure show --objects as text: the largest blocks, of a site or of all.
 */
#include <inttypes.h>
#include <string.h>

#include "report/message.h"
#include "report/objects.h"
#include "report/out_text.h"

enum { TITLE_COLUMNS = 28 };

static const char *const names[] = {"Address", "Size", "Born", "Age", "Mark"};

static void add_row(struct tenure_table *table,
                    const struct tenure_snapshot *snapshot,
                    const struct tenure_object *object)
{
    struct tenure_number cell;
    snprintf(cell.text, sizeof cell.text, "%#" PRIx64, object->address);
    tenure_table_add(table, cell);
    tenure_table_add(table, tenure_text_bytes(object->bytes));
    tenure_table_add(table, tenure_text_count(object->generation));
    tenure_table_add(table,
                     tenure_text_count(tenure_object_age(snapshot, object)));
    snprintf(cell.text, sizeof cell.text, "%s",
             tenure_object_mark_name(object->mark));
    tenure_table_add(table, cell);
}

static uint32_t call_of(const struct tenure_view *view,
                        const struct tenure_object *object)
{
    return object->site == 0
               ? TENURE_NONE
               : tenure_calltree_find(&view->series->calls, object->site);
}

static void print_title(const struct tenure_view *view,
                        const struct tenure_object *object,
                        struct tenure_stack *stack)
{
    char text[2048] = "(no stack)";
    uint32_t call = call_of(view, object);
    if (call != TENURE_NONE) {
        tenure_stack_load(stack, view->series, view->symbols, call);
        if (stack->count > 0)
            tenure_frame_title(&stack->at[stack->title], text, sizeof text);
    }
    tenure_print_cut(&view->paper, text, TITLE_COLUMNS, TITLE_COLUMNS);
    fputs("  ", view->paper.to);
}

static void print_rows(const struct tenure_view *view,
                       const struct tenure_picks *picks,
                       const struct tenure_words *words, bool titled)
{
    const struct tenure_paper *paper = &view->paper;
    struct tenure_stack stack = {0};
    struct tenure_table table;
    char text[512];
    tenure_table_start(&table, sizeof names / sizeof *names, names);
    for (size_t i = 0; i < picks->count; i++)
        add_row(&table, words->snapshot, &picks->at[i]);
    tenure_ink(paper, TENURE_DIM);
    for (size_t i = 0; i <= picks->count; i++) {
        fputs("  ", paper->to);
        tenure_table_print(&table, i, paper);
        fputs("  ", paper->to);
        if (titled && i == 0)
            fprintf(paper->to, "%-*s  ", TITLE_COLUMNS, "Allocated by");
        else if (titled)
            print_title(view, &picks->at[i - 1], &stack);
        tenure_print_text(paper,
                          i == 0 ? "First word"
                                 : tenure_words_text(words, &picks->at[i - 1],
                                                     text, sizeof text));
        fputc('\n', paper->to);
        tenure_ink(paper, TENURE_PLAIN);
    }
    tenure_stack_drop(&stack);
    tenure_table_drop(&table);
}

static void print_list(const struct tenure_view *view, uint32_t call)
{
    const struct tenure_paper *paper = &view->paper;
    struct tenure_words words = {.snapshot = &view->series->snapshots[0]};
    struct tenure_picks picks;
    tenure_picks_make(&picks, view->series, call, view->top);
    for (size_t i = 0; i < picks.count; i++) {
        tenure_words_add(&words, &picks.at[i]);
        if (call == TENURE_NONE && picks.at[i].site != 0)
            tenure_symbols_want(view->symbols, call_of(view, &picks.at[i]));
    }
    tenure_words_name(&words);
    tenure_symbols_resolve(view->symbols);
    tenure_ink(paper, TENURE_BOLD);
    fputs("Blocks", paper->to);
    tenure_ink(paper, TENURE_PLAIN);
    fprintf(paper->to, ": %s of %s, the largest and oldest first\n\n",
            tenure_text_count(picks.count).text,
            tenure_text_count(picks.of).text);
    print_rows(view, &picks, &words, call == TENURE_NONE);
    if (picks.count < picks.of)
        fprintf(paper->to, "\n%s of %s blocks shown; --top=0 shows all\n",
                tenure_text_count(picks.count).text,
                tenure_text_count(picks.of).text);
    tenure_picks_drop(&picks);
    tenure_words_drop(&words);
}

static void print_site(const struct tenure_view *view,
                       const struct tenure_site *site,
                       struct tenure_stack *stack)
{
    const struct tenure_line line = {.site = site, .sites = 1};
    fputs("  ", view->paper.to);
    tenure_text_title(view, &line, stack, 2);
    tenure_text_stack(view, stack);
    fputc('\n', view->paper.to);
    print_list(view, site->call);
}

static void print(struct tenure_view *view)
{
    struct tenure_why why;
    if (!tenure_objects_listed(&view->series->snapshots[0], &why)) {
        view->status = tenure_complain("%s", why.text);
    } else if (view->explain) {
        tenure_text_asked(view, print_site);
    } else {
        tenure_text_head(view);
        print_list(view, TENURE_NONE);
    }
}

const struct tenure_output tenure_out_text_objects = {"text", print};
