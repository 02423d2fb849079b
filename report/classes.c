/*
 * From first words to classes.
 *
 * All words of a snapshot that lie in one module are looked up together,
 * each once; then the rows of every site are summed by name.
 */
#include "report/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/symbolize_lookup.h"

struct classes {
    const struct tenure_series *series;
    const struct tenure_snapshot *from;
    uint32_t at; /* index of `from` */
    struct tenure_arena *arena;
    const char **name; /* [row of from->types], "" = no vtable */
    const char **of_call;
};

/* A row's blocks of one class at a call. */
struct share {
    uint32_t call;
    const char *name;
    double blocks;
};

static int by_word(const void *left, const void *right)
{
    const struct tenure_vtable *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* The rows whose words lie in one module; `vtable` has room for them all. */
static void name_rows(struct classes *classes, uint32_t module,
                      struct tenure_vtable *vtable)
{
    const struct tenure_snapshot *from = classes->from;
    const struct tenure_module *in = &from->modules[module];
    size_t words = 0, count = 0;
    for (uint64_t i = 0; i < from->types_count; i++)
        if (from->types[i].module == module)
            vtable[words++] =
                (struct tenure_vtable){from->types[i].vtable - in->bias, ""};
    if (words == 0)
        return;
    qsort(vtable, words, sizeof *vtable, by_word);
    for (size_t i = 0; i < words; i++)
        if (i == 0 || vtable[i].address != vtable[count - 1].address)
            vtable[count++] = vtable[i];
    const struct tenure_image image = {
        .path = tenure_snapshot_string(from, in->path),
        .build_id = tenure_snapshot_string(from, in->build_id),
    };
    tenure_lookup_vtables(&image, from->process, vtable, count,
                          classes->arena);
    for (uint64_t i = 0; i < from->types_count; i++) {
        struct tenure_vtable key = {from->types[i].vtable - in->bias, ""};
        if (from->types[i].module == module)
            classes->name[i] = ((const struct tenure_vtable *)bsearch(
                                    &key, vtable, count, sizeof key, by_word))
                                   ->name;
    }
}

/* A sample of `blocks` stands for more, as ROWS count them. */
static double estimate(const struct tenure_type *type, uint64_t sample_bytes)
{
    double blocks = (double)type->blocks;
    if (sample_bytes == 0 || type->bytes == 0)
        return blocks;
    double mean = (double)type->bytes / blocks;
    return blocks / -expm1(-mean / (double)sample_bytes);
}

static int by_call_and_name(const void *left, const void *right)
{
    const struct share *a = left, *b = right;
    if (a->call != b->call)
        return a->call < b->call ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* The shares of one call, by name; all of them have one. */
static void decide(struct classes *classes, const struct share *share,
                   size_t count)
{
    const struct tenure_site_list *sites = &classes->series->sites;
    uint32_t call = share->call;
    double all = 0, most = 0, one = 0;
    const char *name = "";
    for (size_t i = 0; i < count; i++) {
        bool same = i > 0 && strcmp(share[i].name, share[i - 1].name) == 0;
        one = share[i].blocks + (same ? one : 0);
        all += share[i].blocks;
        if (one > most) {
            most = one;
            name = share[i].name;
        }
    }
    if (!sites->of_call || sites->of_call[call] == 0)
        return;
    const struct tenure_site *site = &sites->at[sites->of_call[call] - 1];
    double live = (double)site->population.live_blocks[classes->at];
    /* An estimate was rounded to whole blocks. */
    if (all + 1e-6 >= live / 2 && most >= 0.9 * all)
        classes->of_call[call] = name;
}

/* The sites that live in this snapshot and are not decided yet. */
static void decide_sites(struct classes *classes)
{
    const struct tenure_snapshot *from = classes->from;
    uint64_t sample_bytes = from->process->sample_bytes;
    struct share *share = tenure_zeroed(from->types_count, sizeof *share);
    size_t count = 0;
    for (uint64_t i = 0; i < from->types_count; i++) {
        const struct tenure_type *type = &from->types[i];
        if (classes->name[i][0] && type->generation <= from->process->generation)
            share[count++] = (struct share){
                tenure_calltree_find(&classes->series->calls, type->site),
                classes->name[i], estimate(type, sample_bytes)};
    }
    if (count > 0)
        qsort(share, count, sizeof *share, by_call_and_name);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first; end < count && share[end].call == share[first].call;)
            end++;
        if (!classes->of_call[share[first].call])
            decide(classes, &share[first], end - first);
    }
    free(share);
}

/* What lives in a snapshot that has looked is decided there. */
static void close_sites(struct classes *classes)
{
    const struct tenure_site_list *sites = &classes->series->sites;
    for (size_t i = 0; i < sites->count; i++) {
        const struct tenure_site *site = &sites->at[i];
        if (site->population.live_blocks[classes->at] > 0 &&
            !classes->of_call[site->call])
            classes->of_call[site->call] = "";
    }
}

static void look_at(struct classes *classes, uint32_t at)
{
    const struct tenure_snapshot *from = &classes->series->snapshots[at];
    classes->from = from;
    classes->at = at;
    classes->name = tenure_zeroed(from->types_count, sizeof *classes->name);
    struct tenure_vtable *vtable =
        tenure_zeroed(from->types_count, sizeof *vtable);
    for (uint64_t i = 0; i < from->types_count; i++)
        classes->name[i] = "";
    for (uint32_t m = 0; m < from->modules_count; m++)
        name_rows(classes, m, vtable);
    decide_sites(classes);
    close_sites(classes);
    free(vtable);
    free(classes->name);
}

const char **tenure_classes_find(const struct tenure_series *series,
                                 struct tenure_arena *arena)
{
    size_t calls = series->calls.call_count;
    struct classes classes = {.series = series, .arena = arena};
    classes.of_call = tenure_arena_take(arena, calls, sizeof(const char *));
    for (uint32_t i = series->timeline.count; i-- > 0;)
        if (series->snapshots[i].types_count > 0)
            look_at(&classes, i);
    for (size_t i = 0; i < calls; i++)
        if (!classes.of_call[i])
            classes.of_call[i] = "";
    return classes.of_call;
}

bool tenure_classes_known(const struct tenure_series *series)
{
    for (uint32_t i = 0; i < series->timeline.count; i++)
        if (series->snapshots[i].process->kind == TENURE_MAJOR)
            return true;
    return false;
}
