/*
 * Reads the list of blocks as a stream, as often as need be: it may be much
 * larger than what is shown of it, and is never held as a whole.
 */
#include "report/objects.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/symbolize_lookup.h"

const char *tenure_object_mark_name(uint32_t mark)
{
    static const char *const names[] = {
#define X(name, number, text) [number] = text,
        TENURE_OBJECT_MARKS(X)
#undef X
    };
    return mark < sizeof names / sizeof *names ? names[mark] : "";
}

uint32_t tenure_object_age(const struct tenure_snapshot *snapshot,
                           const struct tenure_object *object)
{
    uint32_t now = snapshot->process->generation;
    return now > object->generation ? now - object->generation : 0;
}

bool tenure_objects_listed(const struct tenure_snapshot *snapshot,
                           struct tenure_why *why)
{
    const char *note = "";
    if (snapshot->objects)
        note = tenure_snapshot_string(snapshot, snapshot->objects->note);
    if (snapshot->objects && !*note)
        return true;
    if (*note)
        tenure_because(why, "%s has no list of its blocks: %s", snapshot->path,
                       note);
    else
        tenure_because(why,
                       "%s has no list of its blocks; tenure snap --major "
                       "--objects takes one that has",
                       snapshot->path);
    return false;
}

/* ---- the largest ------------------------------------------------------- */

static int in_order(const void *left, const void *right)
{
    const struct tenure_object *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->generation != b->generation)
        return a->generation < b->generation ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

static void cut(struct tenure_picks *picks, uint64_t top)
{
    if (picks->count > 0)
        qsort(picks->at, picks->count, sizeof *picks->at, in_order);
    if (top > 0 && picks->count > top)
        picks->count = top;
}

static bool is_of(const struct tenure_series *series, uint32_t site,
                  uint32_t call)
{
    return call == TENURE_NONE ||
           (site != 0 && tenure_calltree_find(&series->calls, site) == call);
}

void tenure_picks_make(struct tenure_picks *picks,
                       const struct tenure_series *series, uint32_t call,
                       uint64_t top)
{
    const struct tenure_snapshot *snapshot = &series->snapshots[0];
    struct tenure_object_reader reader;
    struct tenure_object object;
    size_t room = 0;
    *picks = (struct tenure_picks){0};
    tenure_objects_read(&reader, snapshot->objects,
                        snapshot->objects_only_bytes);
    while (tenure_object_next(&reader, &object) > 0) {
        if (!is_of(series, object.site, call))
            continue;
        picks->of++;
        if (top > 0 && picks->count >= 2 * top && picks->count >= 1024)
            cut(picks, top);
        picks->at =
            tenure_grow(picks->at, picks->count, &room, sizeof *picks->at);
        picks->at[picks->count++] = object;
    }
    cut(picks, top);
}

void tenure_picks_drop(struct tenure_picks *picks)
{
    free(picks->at);
    *picks = (struct tenure_picks){0};
}

/* ---- first words ------------------------------------------------------- */

struct tenure_word {
    uint64_t word;
    uint32_t module;
    const char *type;
};

static uint32_t module_of(const struct tenure_snapshot *snapshot, uint64_t word)
{
    for (uint64_t i = 0; i < snapshot->modules_count; i++)
        if (snapshot->modules[i].unload_epoch == 0 &&
            word >= snapshot->modules[i].start &&
            word < snapshot->modules[i].end)
            return (uint32_t)i;
    return TENURE_NONE;
}

static int by_place(const void *left, const void *right)
{
    const struct tenure_word *a = left, *b = right;
    if (a->module != b->module)
        return a->module < b->module ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

static void keep_once(struct tenure_words *words)
{
    size_t kept = 0;
    if (words->count > 0)
        qsort(words->at, words->count, sizeof *words->at, by_place);
    for (size_t i = 0; i < words->count; i++)
        if (kept == 0 || by_place(&words->at[i], &words->at[kept - 1]) != 0)
            words->at[kept++] = words->at[i];
    words->count = kept;
}

void tenure_words_add(struct tenure_words *words,
                      const struct tenure_object *object)
{
    struct tenure_word word = {object->word, TENURE_NONE, ""};
    if (!object->has_word || object->word < 4096 ||
        (words->count > 0 && words->at[words->count - 1].word == word.word))
        return;
    word.module = module_of(words->snapshot, object->word);
    if (word.module == TENURE_NONE)
        return;
    if (words->count == words->room)
        keep_once(words);
    words->at =
        tenure_grow(words->at, words->count, &words->room, sizeof *words->at);
    words->at[words->count++] = word;
}

static void name_module(struct tenure_words *words, struct tenure_word *word,
                        size_t count, struct tenure_vtable *vtable)
{
    const struct tenure_snapshot *from = words->snapshot;
    const struct tenure_module *module = &from->modules[word->module];
    struct tenure_image image = {
        .path = tenure_snapshot_string(from, module->path),
        .build_id = tenure_snapshot_string(from, module->build_id)};
    for (size_t i = 0; i < count; i++)
        vtable[i] = (struct tenure_vtable){word[i].word - module->bias, ""};
    tenure_lookup_vtables(&image, from->process, vtable, count, &words->arena);
    for (size_t i = 0; i < count; i++)
        word[i].type = vtable[i].name;
}

void tenure_words_name(struct tenure_words *words)
{
    keep_once(words);
    struct tenure_vtable *vtable =
        tenure_zeroed(words->count + 1, sizeof *vtable);
    for (size_t first = 0, end; first < words->count; first = end) {
        end = first + 1;
        while (end < words->count &&
               words->at[end].module == words->at[first].module)
            end++;
        name_module(words, &words->at[first], end - first, vtable);
    }
    free(vtable);
}

void tenure_words_drop(struct tenure_words *words)
{
    free(words->at);
    tenure_arena_drop(&words->arena);
    *words = (struct tenure_words){0};
}

static const struct tenure_word *find(const struct tenure_words *words,
                                      const struct tenure_object *object)
{
    struct tenure_word key = {object->word, TENURE_NONE, ""};
    if (!object->has_word || object->word < 4096 || words->count == 0)
        return NULL;
    key.module = module_of(words->snapshot, object->word);
    return bsearch(&key, words->at, words->count, sizeof key, by_place);
}

const char *tenure_words_type(const struct tenure_words *words,
                              const struct tenure_object *object)
{
    const struct tenure_word *word = find(words, object);
    return word ? word->type : "";
}

/* Four or more characters, then perhaps zeros. */
static bool is_text(uint64_t word, char *text)
{
    size_t length = 0;
    memcpy(text, &word, 8);
    text[8] = 0;
    while (length < 8 && isprint((unsigned char)text[length]))
        length++;
    for (size_t i = length; i < 8; i++)
        if (text[i])
            return false;
    return length >= 4;
}

const char *tenure_words_text(const struct tenure_words *words,
                              const struct tenure_object *object, char *text,
                              size_t bytes)
{
    const struct tenure_word *word = find(words, object);
    char characters[9];
    if (!object->has_word)
        return "";
    if (word && *word->type)
        return word->type;
    if (word) {
        const struct tenure_module *module =
            &words->snapshot->modules[word->module];
        const char *path =
            tenure_snapshot_string(words->snapshot, module->path);
        const char *slash = strrchr(path, '/');
        snprintf(text, bytes, "%s+0x%" PRIx64, slash ? slash + 1 : path,
                 word->word - module->bias);
    } else if (is_text(object->word, characters)) {
        snprintf(text, bytes, "\"%s\"", characters);
    } else {
        snprintf(text, bytes, object->word < 4096 ? "%" PRIu64 : "0x%" PRIx64,
                 object->word);
    }
    return text;
}
