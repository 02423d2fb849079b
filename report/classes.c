/*
 * From first words to classes.
 *
 * All words of all snapshots that lie in one image are looked up together,
 * each once; then the rows of every site are summed by name, newest snapshot
 * first.
 */
#include "report/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/symbolize_lookup.h"

struct word {
    uint32_t image;
    struct tenure_vtable vtable;
};

struct classes {
    const struct tenure_series *series;
    struct tenure_arena *arena;
    struct tenure_image *images;
    size_t image_count, image_room;
    uint32_t **image_of; /* [snapshot][module], NULL: has no types */
    struct word *words;  /* sorted, each once */
    size_t word_count, word_room;
    const char **of_call; /* NULL: not decided yet */
};

/* A row's blocks of one class at a call. */
struct share {
    uint32_t call;
    const char *name;
    double blocks;
};

static uint32_t image_of(struct classes *classes, const char *path,
                         const char *build_id)
{
    for (size_t i = 0; i < classes->image_count; i++)
        if (strcmp(classes->images[i].path, path) == 0 &&
            strcmp(classes->images[i].build_id, build_id) == 0)
            return (uint32_t)i;
    classes->images =
        tenure_grow(classes->images, classes->image_count, &classes->image_room,
                    sizeof *classes->images);
    classes->images[classes->image_count] =
        (struct tenure_image){.path = path, .build_id = build_id};
    return (uint32_t)classes->image_count++;
}

static struct word word_of(const struct classes *classes, uint32_t at,
                           const struct tenure_type *type)
{
    uint64_t bias = classes->series->snapshots[at].modules[type->module].bias;
    return (struct word){classes->image_of[at][type->module],
                         {type->vtable - bias, ""}};
}

static void add_words(struct classes *classes, uint32_t at)
{
    const struct tenure_snapshot *from = &classes->series->snapshots[at];
    if (from->types_count == 0)
        return;
    uint32_t *image =
        tenure_arena_take(classes->arena, from->modules_count, sizeof *image);
    classes->image_of[at] = image;
    for (uint64_t i = 0; i < from->modules_count; i++)
        image[i] = image_of(
            classes, tenure_snapshot_string(from, from->modules[i].path),
            tenure_snapshot_string(from, from->modules[i].build_id));
    for (uint64_t i = 0; i < from->types_count; i++) {
        if (from->types[i].module == TENURE_NONE)
            continue;
        classes->words =
            tenure_grow(classes->words, classes->word_count,
                        &classes->word_room, sizeof *classes->words);
        classes->words[classes->word_count++] =
            word_of(classes, at, &from->types[i]);
    }
}

static int by_word(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    if (a->image != b->image)
        return a->image < b->image ? -1 : 1;
    return (a->vtable.address > b->vtable.address) -
           (a->vtable.address < b->vtable.address);
}

static void sort_words(struct classes *classes)
{
    struct word *word = classes->words;
    size_t kept = 0;
    if (classes->word_count > 0)
        qsort(word, classes->word_count, sizeof *word, by_word);
    for (size_t i = 0; i < classes->word_count; i++)
        if (i == 0 || by_word(&word[i], &word[kept - 1]) != 0)
            word[kept++] = word[i];
    classes->word_count = kept;
}

static void name_words(struct classes *classes)
{
    struct tenure_vtable *vtable =
        tenure_zeroed(classes->word_count + 1, sizeof *vtable);
    for (size_t first = 0, end; first < classes->word_count; first = end) {
        uint32_t image = classes->words[first].image;
        for (end = first;
             end < classes->word_count && classes->words[end].image == image;
             end++)
            vtable[end - first] = classes->words[end].vtable;
        tenure_lookup_vtables(&classes->images[image],
                              classes->series->snapshots[0].process, vtable,
                              end - first, classes->arena);
        for (size_t i = first; i < end; i++)
            classes->words[i].vtable = vtable[i - first];
    }
    free(vtable);
}

/* "" = its word is no vtable. */
static const char *name_of(const struct classes *classes, uint32_t at,
                           const struct tenure_type *type)
{
    if (type->module == TENURE_NONE)
        return "";
    struct word key = word_of(classes, at, type);
    const struct word *found =
        bsearch(&key, classes->words, classes->word_count, sizeof key, by_word);
    return found->vtable.name;
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
static void decide(struct classes *classes, uint32_t at,
                   const struct share *share, size_t count)
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
    double live = (double)site->population.live_blocks[at];
    /* An estimate was rounded to whole blocks. */
    if (all + 1e-6 >= live / 2 && most >= 0.9 * all)
        classes->of_call[call] = name;
}

/* The sites that live in this snapshot and are not decided yet. */
static void decide_sites(struct classes *classes, uint32_t at)
{
    const struct tenure_snapshot *from = &classes->series->snapshots[at];
    struct share *share = tenure_zeroed(from->types_count, sizeof *share);
    size_t count = 0;
    for (uint64_t i = 0; i < from->types_count; i++) {
        const struct tenure_type *type = &from->types[i];
        uint32_t call =
            tenure_calltree_find(&classes->series->calls, type->site);
        const char *name = name_of(classes, at, type);
        if (*name && !classes->of_call[call] &&
            type->generation <= from->process->generation)
            share[count++] = (struct share){
                call, name, estimate(type, from->process->sample_bytes)};
    }
    if (count > 0)
        qsort(share, count, sizeof *share, by_call_and_name);
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        while (end < count && share[end].call == share[first].call)
            end++;
        decide(classes, at, &share[first], end - first);
    }
    free(share);
}

/* What lives in a snapshot that has looked is decided there. */
static void close_sites(struct classes *classes, uint32_t at)
{
    const struct tenure_site_list *sites = &classes->series->sites;
    for (size_t i = 0; i < sites->count; i++) {
        const struct tenure_site *site = &sites->at[i];
        if (site->population.live_blocks[at] > 0 &&
            !classes->of_call[site->call])
            classes->of_call[site->call] = "";
    }
}

const char **tenure_classes_find(const struct tenure_series *series,
                                 struct tenure_arena *arena)
{
    size_t calls = series->calls.call_count;
    uint32_t count = series->timeline.count;
    struct classes classes = {.series = series, .arena = arena};
    classes.of_call = tenure_arena_take(arena, calls, sizeof(const char *));
    classes.image_of = tenure_arena_take(arena, count, sizeof(uint32_t *));
    for (uint32_t i = 0; i < count; i++)
        add_words(&classes, i);
    sort_words(&classes);
    name_words(&classes);
    for (uint32_t i = count; i-- > 0;) {
        if (series->snapshots[i].types_count == 0)
            continue;
        decide_sites(&classes, i);
        close_sites(&classes, i);
    }
    for (size_t i = 0; i < calls; i++)
        if (!classes.of_call[i])
            classes.of_call[i] = "";
    free(classes.images);
    free(classes.words);
    return classes.of_call;
}

bool tenure_classes_known(const struct tenure_series *series)
{
    for (uint32_t i = 0; i < series->timeline.count; i++)
        if (series->snapshots[i].process->kind == TENURE_MAJOR)
            return true;
    return false;
}
