/*
 * From the sites of a series to the lines of a list.
 */
#include "report/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tenure_sort_names[] = {"delta", "bytes", "count", NULL};
const char *const tenure_group_names[] = {"site",   "function", "module",
                                          "thread", "type",     NULL};

static bool picked(const struct tenure_site *site, enum tenure_which which)
{
    const struct tenure_columns *c = &site->columns;
    const struct tenure_population *p = &site->population;
    switch (which) {
    case TENURE_LIVE:
        return p->live_blocks[p->timeline->count - 1] > 0;
    case TENURE_CHANGED:
        return c->new_blocks || c->deleted_blocks || c->grown_bytes ||
               c->size_delta;
    case TENURE_EVERY:
    default:
        return p->cohort_count > 0;
    }
}

static void add_site(struct tenure_line *line, const struct tenure_site *site)
{
    const struct tenure_population *p = &site->population;
    const struct tenure_columns *from = &site->columns;
    struct tenure_columns *to = &line->columns;
    uint32_t last = p->timeline->count - 1;
    line->sites++;
    tenure_variances_add(&line->variances, &site->variances);
    to->new_blocks += from->new_blocks;
    to->deleted_blocks += from->deleted_blocks;
    to->delta = tenure_sum(to->delta, from->delta);
    to->alloc_bytes += from->alloc_bytes;
    to->freed_bytes += from->freed_bytes;
    to->size_delta = tenure_sum(to->size_delta, from->size_delta);
    to->grown_bytes = tenure_sum(to->grown_bytes, from->grown_bytes);
    line->live_blocks += p->live_blocks[last];
    line->live_bytes += p->live_bytes[last];
    for (int age = 0; age < TENURE_AGES; age++) {
        line->age_blocks[age] += site->age_blocks[age];
        line->age_bytes[age] += site->age_bytes[age];
    }
}

/* Of a single snapshot everything counts as new. */
static int64_t key(const struct tenure_line *line, enum tenure_sort sort)
{
    bool single = line->site->population.timeline->count == 1;
    switch (sort) {
    case TENURE_SORT_DELTA:
        return single ? (int64_t)line->live_bytes : line->columns.size_delta;
    case TENURE_SORT_COUNT:
        return single ? (int64_t)line->live_blocks : line->columns.delta;
    case TENURE_SORT_BYTES:
    default:
        return (int64_t)line->live_bytes;
    }
}

static int falling(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int compare(const struct tenure_line *a, const struct tenure_line *b,
                   enum tenure_sort sort)
{
    int order = falling(key(a, sort), key(b, sort));
    if (order == 0)
        order = falling(a->columns.delta, b->columns.delta);
    if (order == 0)
        order = falling((int64_t)a->live_bytes, (int64_t)b->live_bytes);
    if (order == 0)
        order = falling((int64_t)a->live_blocks, (int64_t)b->live_blocks);
    return order ? order : falling(b->site->call, a->site->call);
}

static int by_delta(const void *left, const void *right)
{
    return compare(left, right, TENURE_SORT_DELTA);
}

static int by_bytes(const void *left, const void *right)
{
    return compare(left, right, TENURE_SORT_BYTES);
}

static int by_count(const void *left, const void *right)
{
    return compare(left, right, TENURE_SORT_COUNT);
}

static void sort_lines(struct tenure_lines *lines, enum tenure_sort sort)
{
    static int (*const order[])(const void *,
                                const void *) = {by_delta, by_bytes, by_count};
    if (lines->count > 0)
        qsort(lines->at, lines->count, sizeof *lines->at, order[sort]);
}

static int by_name(const void *left, const void *right)
{
    const struct tenure_line *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : falling(b->site->call, a->site->call);
}

/* What the group of a loaded stack is called. */
static const char *group_name(struct tenure_lines *lines,
                              const struct tenure_stack *stack,
                              const struct tenure_series *series,
                              enum tenure_group group)
{
    char text[1024];
    const char *name = "(none)";
    if (group == TENURE_GROUP_THREAD)
        name = tenure_call_thread_name(stack->thread, text, sizeof text);
    else if (stack->count > 0 && group == TENURE_GROUP_MODULE)
        name = tenure_frame_module(&stack->at[stack->title], series);
    else if (stack->count > 0)
        name = tenure_frame_title(&stack->at[stack->title], text, sizeof text);
    if (!*name)
        name = "(no module)";
    return tenure_arena_text(&lines->arena, name, strlen(name));
}

static void name_types(struct tenure_lines *lines,
                       struct tenure_symbols *symbols)
{
    for (size_t i = 0; i < lines->count; i++) {
        const char *type =
            tenure_symbols_type(symbols, lines->at[i].site->call);
        lines->at[i].name = *type ? type : "no C++ type known";
    }
}

static void name_lines(struct tenure_lines *lines,
                       const struct tenure_series *series,
                       struct tenure_symbols *symbols, enum tenure_group group)
{
    struct tenure_stack stack = {0};
    if (group == TENURE_GROUP_TYPE) {
        name_types(lines, symbols);
        return;
    }
    for (size_t i = 0; i < lines->count; i++)
        tenure_symbols_want(symbols, lines->at[i].site->call);
    tenure_symbols_resolve(symbols);
    for (size_t i = 0; i < lines->count; i++) {
        tenure_stack_load(&stack, series, symbols, lines->at[i].site->call);
        lines->at[i].name = group_name(lines, &stack, series, group);
    }
    tenure_stack_drop(&stack);
}

/* Lines of one name become one. */
static void merge_lines(struct tenure_lines *lines)
{
    size_t kept = 0;
    if (lines->count > 0)
        qsort(lines->at, lines->count, sizeof *lines->at, by_name);
    for (size_t i = 0; i < lines->count; i++) {
        if (kept > 0 &&
            strcmp(lines->at[i].name, lines->at[kept - 1].name) == 0)
            add_site(&lines->at[kept - 1], lines->at[i].site);
        else
            lines->at[kept++] = lines->at[i];
    }
    lines->count = kept;
}

void tenure_lines_make(struct tenure_lines *lines,
                       const struct tenure_series *series,
                       const struct tenure_site_list *list,
                       struct tenure_symbols *symbols, enum tenure_which which,
                       enum tenure_group group, enum tenure_sort sort,
                       uint64_t top)
{
    *lines = (struct tenure_lines){0};
    lines->at =
        tenure_arena_take(&lines->arena, list->count, sizeof *lines->at);
    for (size_t i = 0; i < list->count; i++) {
        if (!picked(&list->at[i], which))
            continue;
        struct tenure_line *line = &lines->at[lines->count++];
        line->site = &list->at[i];
        add_site(line, line->site);
    }
    lines->sites = lines->count;
    if (group != TENURE_GROUP_SITE) {
        name_lines(lines, series, symbols, group);
        merge_lines(lines);
    }
    sort_lines(lines, sort);
    lines->shown = top > 0 && top < lines->count ? (size_t)top : lines->count;
    for (size_t i = 0; i < lines->shown; i++)
        tenure_symbols_want(symbols, lines->at[i].site->call);
}

void tenure_lines_drop(struct tenure_lines *lines)
{
    tenure_arena_drop(&lines->arena);
    *lines = (struct tenure_lines){0};
}
