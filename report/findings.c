/*
 * From judged sites to an ordered list with related ones folded.
 *
 * Names are needed for folding only: whether two stacks come from one
 * function cannot be seen from addresses.
 */
#include "report/findings.h"

#include <stdlib.h>
#include <string.h>

#include "report/fold.h"

static bool changed(const struct tenure_site *site)
{
    const struct tenure_columns *c = &site->columns;
    return c->new_blocks || c->deleted_blocks || c->grown_bytes ||
           c->size_delta;
}

static uint32_t rank(const struct tenure_finding *finding)
{
    enum tenure_site_class class = finding->verdict->class;
    return tenure_class_accuses(class) ? class : TENURE_CLASS_COUNT;
}

static int falling(double a, double b)
{
    return (a < b) - (a > b);
}

/* What is only below other lost blocks comes behind them, and these by all
 * that goes with them. */
static int order_lost(const struct tenure_hanging *a,
                      const struct tenure_hanging *b)
{
    int by = (b->direct_blocks > 0) - (a->direct_blocks > 0);
    return by ? by
              : falling((double)a->direct_bytes + (double)a->below_bytes,
                        (double)b->direct_bytes + (double)b->below_bytes);
}

static int order(const void *left, const void *right)
{
    const struct tenure_finding *a = left, *b = right;
    uint32_t rank_a = rank(a), rank_b = rank(b);
    if (rank_a != rank_b)
        return rank_a < rank_b ? -1 : 1;
    int by = 0;
    if (rank_a == TENURE_CLASS_LOST)
        by = order_lost(&a->verdict->hanging, &b->verdict->hanging);
    if (!by && rank_a < TENURE_CLASS_COUNT)
        by = falling(a->verdict->rate, b->verdict->rate);
    if (!by)
        by = falling((double)a->site->columns.size_delta,
                     (double)b->site->columns.size_delta);
    if (!by)
        by = a->mapping - b->mapping;
    return by ? by
              : (a->site->call > b->site->call) -
                    (a->site->call < b->site->call);
}

static void add_list(struct tenure_findings *findings,
                     const struct tenure_site_list *list,
                     const struct tenure_site_verdict *verdicts, bool mapping)
{
    for (size_t i = 0; i < list->count; i++) {
        bool accused = tenure_class_accuses(verdicts[i].class);
        if (!accused && !changed(&list->at[i]))
            continue;
        findings->at[findings->count++] = (struct tenure_finding){
            .site = &list->at[i], .verdict = &verdicts[i], .mapping = mapping};
        findings->accused += accused;
    }
}

static uint64_t function_key(const struct tenure_stack_frame *frame)
{
    struct tenure_checksum hash;
    const char *function = frame->frame->function;
    uint64_t place[2] = {frame->call->image, frame->call->address};
    tenure_checksum_start(&hash);
    if (*function)
        tenure_checksum_add(&hash, function, strlen(function));
    tenure_checksum_add(&hash, place,
                        *function ? sizeof place[0] : sizeof place);
    return tenure_checksum_end(&hash);
}

/* Without a line, nobody knows that two addresses are one place. */
static uint64_t source_key(const struct tenure_finding *finding,
                           const struct tenure_stack *stack)
{
    struct tenure_checksum hash;
    uint64_t kind[2] = {finding->verdict->class, finding->mapping};
    tenure_checksum_start(&hash);
    tenure_checksum_add(&hash, kind, sizeof kind);
    tenure_checksum_add(&hash, &stack->thread, sizeof stack->thread);
    for (size_t i = 0; i < stack->count; i++) {
        const struct tenure_stack_frame *at = &stack->at[i];
        const struct tenure_frame *frame = at->frame;
        uint64_t place[3] = {function_key(at), frame->kind,
                             frame->line ? frame->line : at->call->address};
        tenure_checksum_add(&hash, place, sizeof place);
        tenure_checksum_add(&hash, frame->file, strlen(frame->file) + 1);
    }
    return tenure_checksum_end(&hash);
}

/* What is equal in the source is one finding whatever its cohorts say, with
 * those that the later one led. */
static void fold_equal(const struct tenure_finding *at, uint32_t count,
                       uint32_t *leaders)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = 0;
        while (at[first].source != at[i].source)
            first++;
        if (first == i)
            continue;
        bool leads = leaders[i] == i;
        leaders[i] = leaders[first];
        for (uint32_t k = i + 1; k < count && leads; k++)
            if (leaders[k] == i)
                leaders[k] = leaders[first];
    }
}

/* The stack of a finding, outermost first. */
static struct tenure_fold_site fold_site(const struct tenure_finding *finding,
                                         const struct tenure_series *series,
                                         const struct tenure_stack *stack,
                                         struct tenure_arena *arena)
{
    const struct tenure_snapshot *last =
        &series->snapshots[series->timeline.count - 1];
    const char *exe = tenure_snapshot_string(last, last->process->exe);
    struct tenure_fold_frame *frames =
        tenure_arena_take(arena, stack->count + 1, sizeof *frames);
    for (size_t i = 0; i < stack->count; i++) {
        const struct tenure_stack_frame *frame = &stack->at[i];
        uint32_t image = frame->call->image;
        frames[stack->count - 1 - i] = (struct tenure_fold_frame){
            function_key(frame),
            image != TENURE_NONE &&
                strcmp(series->calls.images[image].path, exe) == 0};
    }
    return (struct tenure_fold_site){&finding->site->population,
                                     finding->verdict, frames,
                                     (uint32_t)stack->count};
}

static void fold(struct tenure_findings *findings,
                 const struct tenure_series *series,
                 const struct tenure_symbols *symbols)
{
    struct tenure_arena arena = {0};
    struct tenure_stack stack = {0};
    uint32_t count = findings->accused < TENURE_FINDINGS_FOLDED
                         ? findings->accused
                         : TENURE_FINDINGS_FOLDED;
    struct tenure_fold_site *sites =
        tenure_arena_take(&arena, count + 1, sizeof *sites);
    uint32_t *leaders = tenure_arena_take(&arena, count + 1, sizeof *leaders);
    for (uint32_t i = 0; i < count; i++) {
        tenure_stack_load(&stack, series, symbols, findings->at[i].site->call);
        sites[i] = fold_site(&findings->at[i], series, &stack, &arena);
        findings->at[i].source = source_key(&findings->at[i], &stack);
    }
    tenure_fold_sites(sites, count, leaders);
    fold_equal(findings->at, count, leaders);
    for (uint32_t i = 0; i < count; i++)
        findings->at[i].leader = leaders[i];
    tenure_stack_drop(&stack);
    tenure_arena_drop(&arena);
}

/* A lost tree is one finding: its root's. */
static void hang_lost(struct tenure_findings *findings,
                      const struct tenure_series *series)
{
    const struct tenure_site_list *list = &series->sites;
    uint32_t *of_site = tenure_zeroed(list->count + 1, sizeof *of_site);
    for (uint32_t i = 0; i < findings->accused; i++) {
        struct tenure_finding *finding = &findings->at[i];
        const struct tenure_hanging *hanging = &finding->verdict->hanging;
        if (finding->verdict->class != TENURE_CLASS_LOST || finding->mapping)
            continue;
        of_site[finding->site - list->at + 1] = i + 1;
        if (hanging->direct_blocks > 0)
            continue;
        finding->above = of_site[list->of_call[hanging->leader]];
        if (finding->above > 0)
            finding->leader = findings->at[finding->above - 1].leader;
    }
    free(of_site);
}

void tenure_findings_make(struct tenure_findings *findings,
                          const struct tenure_judgement *judgement,
                          struct tenure_symbols *symbols)
{
    const struct tenure_series *series = judgement->series;
    size_t most = series->sites.count + series->mappings.count;
    *findings = (struct tenure_findings){
        .at = tenure_zeroed(most + 1, sizeof *findings->at)};
    add_list(findings, &series->sites, judgement->sites, false);
    add_list(findings, &series->mappings, judgement->mappings, true);
    qsort(findings->at, findings->count, sizeof *findings->at, order);
    for (uint32_t i = 0; i < findings->count; i++)
        findings->at[i].leader = i;
    for (uint32_t i = 0; i < findings->accused; i++)
        tenure_symbols_want(symbols, findings->at[i].site->call);
    tenure_symbols_resolve(symbols);
    fold(findings, series, symbols);
    hang_lost(findings, series);
    for (uint32_t i = 0; i < findings->accused; i++) {
        uint32_t leader = findings->at[i].leader;
        if (leader == i)
            findings->leaders++;
        else
            findings->at[leader].members++;
    }
}

void tenure_findings_drop(struct tenure_findings *findings)
{
    free(findings->at);
    *findings = (struct tenure_findings){0};
}
