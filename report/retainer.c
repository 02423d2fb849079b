/*
 * Retainers with names.
 *
 * The RETAINERS section of one snapshot comes in and is indexed by call; a
 * question turns the records of a site into steps. Variables are named when
 * they are first asked for, image by image.
 */
#include "report/retainer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/memory.h"
#include "report/stack.h"
#include "report/symbolize_data.h"
#include "report/text.h"

struct tenure_retainers {
    const struct tenure_series *series;
    const struct tenure_symbols *symbols;
    const struct tenure_snapshot *snapshot; /* NULL: there are none */
    uint64_t *first;           /* [call]: index of its first record + 1 */
    struct tenure_data **data; /* [module], NULL until it is needed */
    struct tenure_step *steps; /* room for the longest way */
    struct tenure_stack stack;
    struct tenure_arena arena;
};

static const struct tenure_snapshot *newest(const struct tenure_series *series)
{
    for (uint32_t i = series->timeline.count; i-- > 0;)
        if (series->snapshots[i].retainers_count > 0)
            return &series->snapshots[i];
    return NULL;
}

/* Records of one way follow each other: another begins with another site. */
static uint64_t length_at(const struct tenure_snapshot *s, uint64_t from)
{
    uint64_t to = from + 1;
    while (to < s->retainers_count &&
           s->retainers[to].site == s->retainers[from].site)
        to++;
    return to - from;
}

static void index_ways(struct tenure_retainers *all,
                       struct tenure_symbols *symbols)
{
    const struct tenure_snapshot *s = all->snapshot;
    const struct tenure_calltree *calls = &all->series->calls;
    uint64_t longest = 0;
    for (uint64_t i = 0, next; i < s->retainers_count; i = next) {
        uint64_t steps = length_at(s, i);
        uint32_t call = tenure_calltree_find(calls, s->retainers[i].site);
        next = i + steps;
        longest = steps > longest ? steps : longest;
        if (all->first[call] == 0)
            all->first[call] = i + 1;
        for (uint64_t k = i; k < next; k++)
            if (s->retainers[k].kind == TENURE_RETAINER_BLOCK)
                tenure_symbols_want(
                    symbols, tenure_calltree_find(calls, s->retainers[k].what));
    }
    all->steps = tenure_arena_take(&all->arena, longest, sizeof *all->steps);
}

struct tenure_retainers *tenure_retainers_new(const struct tenure_series *of,
                                              struct tenure_symbols *symbols)
{
    struct tenure_retainers *all = tenure_zeroed(1, sizeof *all);
    all->series = of;
    all->symbols = symbols;
    all->snapshot = newest(of);
    if (all->snapshot == NULL)
        return all;
    all->first = tenure_arena_take(&all->arena, of->calls.call_count,
                                   sizeof *all->first);
    all->data = tenure_arena_take(&all->arena, all->snapshot->modules_count + 1,
                                  sizeof *all->data);
    index_ways(all, symbols);
    return all;
}

void tenure_retainers_free(struct tenure_retainers *all)
{
    if (all == NULL)
        return;
    for (uint64_t i = 0;
         all->snapshot != NULL && i < all->snapshot->modules_count; i++)
        tenure_data_free(all->data[i]);
    tenure_stack_drop(&all->stack);
    tenure_arena_drop(&all->arena);
    free(all);
}

const struct tenure_snapshot *
tenure_retainers_snapshot(const struct tenure_retainers *all)
{
    return all->snapshot;
}

__attribute__((format(printf, 2, 3))) static const char *
text_of(struct tenure_retainers *all, const char *format, ...)
{
    char text[2200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tenure_text_clean(text);
    return tenure_arena_text(&all->arena, text, strlen(text));
}

static void name_global(struct tenure_retainers *all, struct tenure_step *step,
                        const struct tenure_retainer *record)
{
    const struct tenure_snapshot *s = all->snapshot;
    struct tenure_variable variable;
    step->what = "unnamed global";
    step->offset = record->offset;
    if (record->module == TENURE_NONE) {
        step->offset = record->address;
        return;
    }
    const struct tenure_module *module = &s->modules[record->module];
    const char *path = tenure_snapshot_string(s, module->path);
    const char *slash = strrchr(path, '/');
    struct tenure_data **data = &all->data[record->module];
    struct tenure_image image = {path, slash ? slash + 1 : path,
                                 tenure_snapshot_string(s, module->build_id)};
    step->where = text_of(all, "%s", image.name);
    if (*data == NULL)
        *data = tenure_data_new(&image, s->process);
    if (!tenure_data_find(*data, record->offset, &variable))
        return;
    step->what = text_of(all, "global `%s`", variable.name);
    step->offset = variable.offset;
}

static const char *name_thread(struct tenure_retainers *all, const char *what,
                               uint32_t tid)
{
    const struct tenure_snapshot *s = all->snapshot;
    for (uint64_t i = 0; i < s->threads_count; i++)
        if (s->threads[i].tid == tid)
            return text_of(all, "%s of thread %s (%u)", what,
                           tenure_snapshot_string(s, s->threads[i].name), tid);
    return text_of(all, "%s of thread %u", what, tid);
}

static void name_block(struct tenure_retainers *all, struct tenure_step *step,
                       const struct tenure_retainer *record)
{
    uint32_t call = tenure_calltree_find(&all->series->calls, record->what);
    struct tenure_stack *stack = &all->stack;
    char title[2048] = "(no stack)";
    tenure_stack_load(stack, all->series, all->symbols, call);
    if (stack->count > 0)
        tenure_frame_title(&stack->at[stack->title], title, sizeof title);
    step->what = text_of(all, "block of %s", title);
    step->offset = record->offset;
}

static void name_step(struct tenure_retainers *all, struct tenure_step *step,
                      const struct tenure_retainer *record)
{
    *step = (struct tenure_step){.kind = record->kind,
                                 .where = "",
                                 .share = (double)record->share / 10000};
    switch (record->kind) {
    case TENURE_RETAINER_GLOBAL:
        name_global(all, step, record);
        break;
    case TENURE_RETAINER_BLOCK:
        name_block(all, step, record);
        break;
    case TENURE_RETAINER_STACK:
        step->what = name_thread(all, "stack", record->what);
        break;
    case TENURE_RETAINER_REGISTER:
        step->what = name_thread(all, "a register", record->what);
        break;
    case TENURE_RETAINER_TLS:
        step->what = name_thread(all, "thread-local storage", record->what);
        break;
    case TENURE_RETAINER_MAPPING:
        step->what =
            text_of(all, "mapped memory at 0x%" PRIx64, record->address);
        break;
    case TENURE_RETAINER_KERNEL:
        step->what = "the kernel";
        break;
    case TENURE_RETAINER_USER:
        step->what = "a region that the program named";
        break;
    case TENURE_RETAINER_LOADER:
        step->what = "the dynamic loader";
        break;
    default:
        step->what = text_of(all, "a root of kind %u", record->kind);
    }
}

const struct tenure_step *tenure_retainers_of(struct tenure_retainers *all,
                                              uint32_t call, uint32_t *count)
{
    *count = 0;
    if (all->snapshot == NULL || all->first[call] == 0)
        return NULL;
    uint64_t from = all->first[call] - 1;
    *count = (uint32_t)length_at(all->snapshot, from);
    for (uint32_t i = 0; i < *count; i++)
        name_step(all, &all->steps[i], &all->snapshot->retainers[from + i]);
    return all->steps;
}

static const char *put_together(const struct tenure_step *step,
                                const char *offset, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s%s%s%s%s", step->what, offset,
             *step->where ? " (" : "", step->where, *step->where ? ")" : "");
    return text;
}

const char *tenure_step_name(const struct tenure_step *step, char *text,
                             size_t bytes)
{
    return put_together(step, "", text, bytes);
}

const char *tenure_step_text(const struct tenure_step *step, char *text,
                             size_t bytes)
{
    char offset[32] = "";
    if (step->kind == TENURE_RETAINER_BLOCK)
        snprintf(offset, sizeof offset, ", +0x%" PRIx64, step->offset);
    else if (step->offset > 0)
        snprintf(offset, sizeof offset, "+0x%" PRIx64, step->offset);
    return put_together(step, offset, text, bytes);
}
