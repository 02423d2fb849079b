/*
 * What a mark found, in Valgrind's words, and the sites that lost most.
 *
 * Comes from MARKS and LOSSES of the one snapshot that is shown.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "report/memory.h"
#include "report/out_text.h"

enum { SITES_SHOWN = 5 };

static void print_kind(FILE *to, const char *before, uint64_t blocks,
                       uint64_t bytes)
{
    fprintf(to, "%s%s block%s, ", before, tenure_text_count(blocks).text,
            blocks == 1 ? "" : "s");
    fputs(tenure_text_bytes(bytes).text, to);
}

/* Definitely lost blocks of a site; indirect ones are below another's. */
static uint64_t direct_blocks(const struct tenure_site *site)
{
    const struct tenure_population *p = &site->population;
    if (!p->lost_blocks)
        return 0;
    return p->hanging.known ? p->hanging.direct_blocks : p->lost_blocks[0];
}

static uint64_t direct_bytes(const struct tenure_site *site)
{
    const struct tenure_population *p = &site->population;
    return p->hanging.known ? p->hanging.direct_bytes : p->lost_bytes[0];
}

static uint64_t weight(const struct tenure_site *site)
{
    return direct_bytes(site) + site->population.hanging.below_bytes;
}

static int by_weight(const void *left, const void *right)
{
    const struct tenure_site *a = *(const struct tenure_site *const *)left;
    const struct tenure_site *b = *(const struct tenure_site *const *)right;
    uint64_t of_a = weight(a), of_b = weight(b);
    if (of_a != of_b)
        return of_a > of_b ? -1 : 1;
    return (a->call > b->call) - (a->call < b->call);
}

static void print_site(const struct tenure_view *view,
                       const struct tenure_site *site,
                       struct tenure_stack *stack)
{
    const struct tenure_paper *paper = &view->paper;
    uint64_t below = site->population.hanging.below_blocks;
    char text[2048] = "(no stack)";
    tenure_stack_load(stack, view->series, view->symbols, site->call);
    if (stack->count > 0)
        tenure_frame_title(&stack->at[stack->title], text, sizeof text);
    fprintf(paper->to, "    site %016" PRIx64,
            tenure_stack_id(stack, view->series));
    print_kind(paper->to, ": ", direct_blocks(site), direct_bytes(site));
    if (below > 0) {
        print_kind(paper->to, ", and ", below,
                   site->population.hanging.below_bytes);
        fputs(" below", paper->to);
    }
    fputs("  ", paper->to);
    tenure_print_text(paper, text);
    fputc('\n', paper->to);
}

/* Those with most, and with what to ask next. */
static void print_sites(const struct tenure_view *view)
{
    const struct tenure_site_list *list = &view->series->sites;
    const struct tenure_site **lost =
        tenure_zeroed(list->count + 1, sizeof *lost);
    struct tenure_stack stack = {0};
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (direct_blocks(&list->at[i]) > 0)
            lost[count++] = &list->at[i];
    qsort(lost, count, sizeof *lost, by_weight);
    size_t shown = view->top > 0 && count > SITES_SHOWN ? SITES_SHOWN : count;
    for (size_t i = 0; i < shown; i++)
        tenure_symbols_want(view->symbols, lost[i]->call);
    tenure_symbols_resolve(view->symbols);
    for (size_t i = 0; i < shown; i++)
        print_site(view, lost[i], &stack);
    if (shown < count)
        fprintf(view->paper.to, "    %zu of %zu sites; --top=0 shows all\n",
                shown, count);
    if (shown > 0)
        fputs("    tenure retainers FILE SITE shows the stack of one\n",
              view->paper.to);
    tenure_stack_drop(&stack);
    free(lost);
}

/* What the mark found, in Valgrind's words. */
void tenure_text_lost(const struct tenure_view *view)
{
    const struct tenure_snapshot *s = &view->series->snapshots[0];
    FILE *to = view->paper.to;
    struct tenure_leak_kinds kinds = tenure_snapshot_kinds(s);
    uint64_t blocks = tenure_snapshot_total(s, TENURE_VALUE_LOST_BLOCKS);
    uint64_t bytes = tenure_snapshot_total(s, TENURE_VALUE_LOST_BYTES);
    if (blocks > 0)
        print_kind(to, "  definitely lost: ", blocks - kinds.indirect_blocks,
                   bytes - kinds.indirect_bytes);
    if (kinds.indirect_blocks > 0)
        print_kind(to, "; indirectly, below these: ", kinds.indirect_blocks,
                   kinds.indirect_bytes);
    if (blocks > 0) {
        fputc('\n', to);
        print_sites(view);
    }
    if (kinds.unreached_blocks > blocks) {
        print_kind(to, "  not reached, lost if the next mark says the same: ",
                   kinds.unreached_blocks - blocks,
                   kinds.unreached_bytes - bytes);
        fputc('\n', to);
    }
    if (kinds.possible_blocks > 0) {
        print_kind(to, "  possibly lost: ", kinds.possible_blocks,
                   kinds.possible_bytes);
        fputs(", which only interior pointers lead to\n", to);
    }
}
