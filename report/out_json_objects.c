/*
 * Single blocks as JSON: all of them, by address, or all of one site.
 *
 * They are read twice: once for the sites and words that need names, once to
 * be written as they come.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "report/message.h"
#include "report/objects.h"
#include "report/out_json.h"

struct writing {
    struct tenure_json *json;
    struct tenure_view *view;
    const struct tenure_snapshot *snapshot;
    struct tenure_words words;
    /* By call: the site's id, "" = it is not asked for, NULL = no block. */
    const char **id;
    bool found; /* a site that is asked for */
    struct tenure_arena arena;
};

static uint32_t call_of(const struct writing *writing, uint32_t site)
{
    return tenure_calltree_find(&writing->view->series->calls, site);
}

static void look(struct writing *writing)
{
    struct tenure_object_reader reader;
    struct tenure_object object;
    tenure_objects_read(&reader, writing->snapshot->objects,
                        writing->snapshot->objects_only_bytes);
    while (tenure_object_next(&reader, &object) > 0) {
        tenure_words_add(&writing->words, &object);
        if (object.site == 0)
            continue;
        uint32_t call = call_of(writing, object.site);
        if (!writing->id[call])
            tenure_symbols_want(writing->view->symbols, call);
        writing->id[call] = "";
    }
    tenure_words_name(&writing->words);
    tenure_symbols_resolve(writing->view->symbols);
}

static void name_sites(struct writing *writing)
{
    const struct tenure_series *series = writing->view->series;
    const char *wanted = writing->view->explain;
    struct tenure_stack stack = {0};
    for (uint32_t call = 0; call < series->calls.call_count; call++) {
        char text[17];
        if (!writing->id[call])
            continue;
        tenure_stack_load(&stack, series, writing->view->symbols, call);
        snprintf(text, sizeof text, "%016" PRIx64,
                 tenure_stack_id(&stack, series));
        if (wanted && strncasecmp(text, wanted, strlen(wanted)) != 0)
            continue;
        writing->id[call] =
            tenure_arena_text(&writing->arena, text, strlen(text));
        writing->found = true;
    }
    tenure_stack_drop(&stack);
}

static void hexadecimal(struct tenure_json *json, const char *key,
                        uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    tenure_json_text(json, key, text);
}

static void write_object(struct writing *writing,
                         const struct tenure_object *object, const char *id)
{
    struct tenure_json *json = writing->json;
    tenure_json_object(json, NULL);
    hexadecimal(json, "address", object->address);
    tenure_json_count(json, "bytes", object->bytes);
    tenure_json_text(json, "site", id);
    tenure_json_count(json, "generation", object->generation);
    tenure_json_count(json, "age",
                      tenure_object_age(writing->snapshot, object));
    tenure_json_text(json, "mark", tenure_object_mark_name(object->mark));
    if (object->has_word)
        hexadecimal(json, "word", object->word);
    else
        tenure_json_null(json, "word");
    tenure_json_text(json, "type", tenure_words_type(&writing->words, object));
    tenure_json_end_object(json);
}

static void write_all(struct writing *writing)
{
    struct tenure_object_reader reader;
    struct tenure_object object;
    tenure_json_array(writing->json, "objects");
    tenure_objects_read(&reader, writing->snapshot->objects,
                        writing->snapshot->objects_only_bytes);
    while (tenure_object_next(&reader, &object) > 0) {
        const char *id =
            object.site == 0 ? "" : writing->id[call_of(writing, object.site)];
        if (*id || !writing->view->explain)
            write_object(writing, &object, id);
    }
    tenure_json_end_array(writing->json);
}

void tenure_json_objects(struct tenure_json *json, struct tenure_view *view)
{
    struct writing writing = {.json = json,
                              .view = view,
                              .snapshot = &view->series->snapshots[0],
                              .words.snapshot = &view->series->snapshots[0]};
    writing.id =
        tenure_zeroed(view->series->calls.call_count + 1, sizeof *writing.id);
    look(&writing);
    name_sites(&writing);
    write_all(&writing);
    if (view->explain && !writing.found)
        view->status = tenure_complain(
            "no block is of a site whose id begins with %s", view->explain);
    free(writing.id);
    tenure_words_drop(&writing.words);
    tenure_arena_drop(&writing.arena);
}
