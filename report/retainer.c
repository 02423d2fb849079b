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
    struct tenure_pointee at;  /* what the step before points to */
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
            if (tenure_retainer_has_site(&s->retainers[k]))
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

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The symbols of a module, made when they are first needed. */
static struct tenure_data *data_of(struct tenure_retainers *all,
                                   uint32_t number)
{
    const struct tenure_snapshot *s = all->snapshot;
    const struct tenure_module *module = &s->modules[number];
    struct tenure_data **data = &all->data[number];
    const char *path = tenure_snapshot_string(s, module->path);
    struct tenure_image image = {path, base_name(path),
                                 tenure_snapshot_string(s, module->build_id)};
    if (*data == NULL)
        *data = tenure_data_new(&image, s->process);
    return *data;
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
    step->where = text_of(
        all, "%s",
        base_name(tenure_snapshot_string(s, s->modules[record->module].path)));
    if (!tenure_data_find(data_of(all, record->module), record->offset,
                          &variable))
        return;
    step->what = text_of(all, "global `%s`", variable.name);
    step->offset = variable.offset;
    step->member = text_of(all, "%s", variable.member);
    if (record->what == 0)
        all->at = variable.to;
    else if (!tenure_pointee_equal(&all->at, &variable.to))
        all->at.known = false;
}

/* "thread worker-3 (77)", or "4 threads" */
static const char *thread_name(struct tenure_retainers *all,
                               const struct tenure_retainer *record)
{
    const struct tenure_snapshot *s = all->snapshot;
    uint32_t tid = record->what;
    if (tid == 0)
        return text_of(all, "%" PRIu64 " threads", record->address);
    for (uint64_t i = 0; i < s->threads_count; i++)
        if (s->threads[i].tid == tid)
            return text_of(all, "thread %s (%u)",
                           tenure_snapshot_string(s, s->threads[i].name), tid);
    return text_of(all, "thread %u", tid);
}

static const char *name_stack(struct tenure_retainers *all,
                              const struct tenure_retainer *record)
{
    const struct tenure_snapshot *s = all->snapshot;
    const char *thread = thread_name(all, record);
    struct tenure_variable function;
    if (record->module == TENURE_NONE)
        return text_of(all, "stack of %s", thread);
    const char *module =
        base_name(tenure_snapshot_string(s, s->modules[record->module].path));
    if (tenure_data_function(data_of(all, record->module), record->offset,
                             &function))
        return text_of(all, "stack of %s, in %s", thread, function.name);
    return text_of(all, "stack of %s, in %s+0x%" PRIx64, thread, module,
                   record->offset);
}

/* Only the executable's own variables are at a known place. */
static const char *name_thread_local(struct tenure_retainers *all,
                                     const struct tenure_retainer *record)
{
    const struct tenure_snapshot *s = all->snapshot;
    const struct tenure_module *exe = tenure_snapshot_exe(s);
    const char *thread = thread_name(all, record);
    struct tenure_variable variable;
    if (exe != NULL && record->offset != 0 &&
        tenure_data_thread_local(data_of(all, (uint32_t)(exe - s->modules)),
                                 s->process->machine, record->offset,
                                 &variable)) {
        bool is_one = *variable.member && !strchr(variable.member, '[');
        all->at = variable.to;
        return text_of(all, "thread-local `%s` of %s",
                       is_one ? variable.member : variable.name, thread);
    }
    return text_of(all, "%s of %s",
                   record->offset != 0 ? "thread-local storage"
                                       : "descriptor (pthread_setspecific)",
                   thread);
}

/* The function whose block, or mapping, it is. */
static const char *title_of(struct tenure_retainers *all, uint32_t site,
                            char *title, size_t bytes)
{
    struct tenure_stack *stack = &all->stack;
    snprintf(title, bytes, "(no stack)");
    tenure_stack_load(stack, all->series, all->symbols,
                      tenure_calltree_find(&all->series->calls, site));
    if (stack->count > 0)
        tenure_frame_title(&stack->at[stack->title], title, bytes);
    return title;
}

static void name_block(struct tenure_retainers *all, struct tenure_step *step,
                       const struct tenure_retainer *record)
{
    char title[2048];
    step->what = text_of(all, "block of %s",
                         title_of(all, record->what, title, sizeof title));
    step->offset = record->offset;
    if (record->module == TENURE_NONE)
        all->at.known = false;
    if (tenure_pointee_step(&all->at, record->module, record->offset, title,
                            sizeof title))
        step->member = text_of(all, "%s", title);
}

/* The helper reads what the copy does not have, and keeps no addresses. */
static const char *name_mapping(struct tenure_retainers *all,
                                const struct tenure_retainer *record)
{
    char title[2048];
    if (record->what != 0)
        return text_of(all, "mapped memory of %s",
                       title_of(all, record->what, title, sizeof title));
    if (record->address == 0)
        return "mapped memory kept from children (MADV_DONTFORK), as V8's "
               "heap is";
    return text_of(all, "mapped memory at 0x%" PRIx64, record->address);
}

/* Does this record go on with the way of the one before it? */
static bool goes_on(const struct tenure_retainer *record)
{
    return record->step > 0 ||
           (record->kind == TENURE_RETAINER_GLOBAL && record->what > 0);
}

static void name_step(struct tenure_retainers *all, struct tenure_step *step,
                      const struct tenure_retainer *record)
{
    *step = (struct tenure_step){.kind = record->kind,
                                 .where = "",
                                 .member = "",
                                 .times = 1,
                                 .share = (double)record->share / 10000};
    if (!goes_on(record))
        all->at.known = false;
    switch (record->kind) {
    case 0:
        step->what = "something that was not found: no root points here";
        break;
    case TENURE_RETAINER_GLOBAL:
        name_global(all, step, record);
        break;
    case TENURE_RETAINER_BLOCK:
    case TENURE_RETAINER_TABLE:
    case TENURE_RETAINER_BLOCKS:
    case TENURE_RETAINER_CHAIN:
        name_block(all, step, record);
        break;
    case TENURE_RETAINER_STACK:
        step->what = name_stack(all, record);
        break;
    case TENURE_RETAINER_REGISTER:
        step->what = text_of(all, "a register of %s", thread_name(all, record));
        break;
    case TENURE_RETAINER_TLS:
        step->what = name_thread_local(all, record);
        break;
    case TENURE_RETAINER_MAPPING:
        step->what = name_mapping(all, record);
        break;
    case TENURE_RETAINER_KERNEL:
        step->what = "the kernel (epoll data)";
        break;
    case TENURE_RETAINER_USER:
        step->what = "a region that the program named";
        break;
    case TENURE_RETAINER_LOADER:
        step->what = "the dynamic loader, or an ignored block";
        break;
    default:
        step->what = text_of(all, "a root of kind %u", record->kind);
    }
}

/* Names of parts that no program may give: a library's own. */
static bool is_reserved(const char *name, size_t length)
{
    return length > 1 && name[0] == '_' &&
           (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

static bool ends_name(char c)
{
    return c == 0 || c == '.' || c == '[';
}

/* Where the smallest member ends that holds both; 0 if none does. */
static size_t common_length(const char *a, const char *b)
{
    size_t end = 0;
    while (a[end] != 0 && a[end] == b[end])
        end++;
    if (ends_name(a[end]) && ends_name(b[end]))
        return end;
    while (end > 0 && !ends_name(a[--end]))
        ;
    return end;
}

/* Without what the library inside calls it: "srv.sessions" of
 * "srv.sessions._M_t._M_impl". */
static size_t given_length(const char *member, size_t end)
{
    for (;;) {
        size_t name = end;
        while (name > 0 && member[name - 1] != '.')
            name--;
        if (name == 0 || !is_reserved(member + name, end - name))
            return end;
        end = name - 1;
    }
}

/* To the member that holds this pointer, too. */
static void widen(struct tenure_retainers *all, struct tenure_step *last,
                  const struct tenure_step *step)
{
    size_t end = common_length(last->member, step->member);
    last->is_array = last->is_array || end == 0 || last->member[end] == '[' ||
                     step->member[end] == '[';
    last->member = text_of(all, "%.*s", (int)given_length(last->member, end),
                           last->member);
}

/* Pointers of one variable are one step. */
static bool join_global(struct tenure_retainers *all, struct tenure_step *last,
                        const struct tenure_step *step)
{
    if (last->kind != TENURE_RETAINER_GLOBAL ||
        step->kind != TENURE_RETAINER_GLOBAL ||
        strcmp(last->what, step->what) != 0 ||
        strcmp(last->where, step->where) != 0)
        return false;
    widen(all, last, step);
    last->several = true;
    last->share += step->share;
    return true;
}

/* What looks the same to a reader, one after another: sizes differ, or call
 * stacks further out. */
static bool join_block(struct tenure_step *last, const struct tenure_step *step)
{
    if (tenure_step_is_root(step) || last->kind != step->kind ||
        last->offset != step->offset || strcmp(last->what, step->what) != 0 ||
        strcmp(last->member, step->member) != 0)
        return false;
    last->times++;
    return true;
}

static uint32_t way_length(const struct tenure_step *step,
                           const struct tenure_step *end)
{
    uint32_t length = 1;
    while (step + length < end && step[length].way == step->way)
        length++;
    return length;
}

static bool looks_alike(const struct tenure_step *a,
                        const struct tenure_step *b, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (a[i].kind != b[i].kind || a[i].times != b[i].times ||
            strcmp(a[i].what, b[i].what) != 0 ||
            strcmp(a[i].where, b[i].where) != 0 ||
            strcmp(a[i].member, b[i].member) != 0)
            return false;
    return true;
}

/* Ways that differ in callers further out only are one to a reader. The last
 * of the steps is a way of its own; true if it is part of one before it. */
static bool join_way(struct tenure_step *steps, uint32_t last, uint32_t end)
{
    for (uint32_t at = 0, length; at < last; at += length) {
        length = way_length(&steps[at], &steps[last]);
        if (length != end - last ||
            !looks_alike(&steps[at], &steps[last], length))
            continue;
        for (uint32_t i = 0; i < length; i++)
            steps[at + i].share += steps[last + i].share;
        return true;
    }
    return false;
}

const struct tenure_step *tenure_retainers_of(struct tenure_retainers *all,
                                              uint32_t call, uint32_t *count)
{
    *count = 0;
    if (all->snapshot == NULL || all->first[call] == 0)
        return NULL;
    uint64_t from = all->first[call] - 1;
    uint64_t records = length_at(all->snapshot, from);
    uint32_t way = 0, begins = 0;
    for (uint64_t i = 0; i < records; i++) {
        const struct tenure_retainer *record =
            &all->snapshot->retainers[from + i];
        struct tenure_step step;
        bool more = i > 0 && goes_on(record);
        if (!more && i > 0) {
            if (join_way(all->steps, begins, *count))
                *count = begins;
            else
                way++;
            begins = *count;
        }
        name_step(all, &step, record);
        step.way = way;
        struct tenure_step *last = more ? &all->steps[*count - 1] : NULL;
        if (!more ||
            !(join_global(all, last, &step) || join_block(last, &step)))
            all->steps[(*count)++] = step;
    }
    if (join_way(all->steps, begins, *count))
        *count = begins;
    return all->steps;
}
