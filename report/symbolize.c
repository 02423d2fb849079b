/*
 * The symbolizer: from wanted calls to frames.
 *
 * Calls come in one by one; each distinct address of each image is looked up
 * once: in the user's cache, then in the files of the image, and addresses
 * outside of all images in the map that a JIT compiler left. What no source
 * knows gets one frame of kind unknown, so every call has a frame.
 */
#include "report/symbolize.h"

#include <stdlib.h>
#include <string.h>

#include "report/classes.h"
#include "report/symbolize_lookup.h"

struct tenure_symbols {
    const struct tenure_series *series;
    struct tenure_arena arena;
    bool *wanted;                   /* [call] */
    struct tenure_lookups *lookups; /* [image], and one for no image */
    const char **problem;           /* [image] */
    const char **type;              /* [call], NULL until asked for */
    void (*progress)(const char *file);
};

struct tenure_symbols *tenure_symbols_new(const struct tenure_series *series,
                                          void (*progress)(const char *file))
{
    struct tenure_symbols *symbols = tenure_zeroed(1, sizeof *symbols);
    size_t images = series->calls.image_count;
    symbols->series = series;
    symbols->progress = progress;
    symbols->wanted = tenure_arena_take(&symbols->arena,
                                        series->calls.call_count, sizeof(bool));
    symbols->lookups = tenure_arena_take(&symbols->arena, images + 1,
                                         sizeof *symbols->lookups);
    symbols->problem = tenure_arena_take(&symbols->arena, images + 1,
                                         sizeof *symbols->problem);
    for (size_t i = 0; i <= images; i++)
        symbols->lookups[i].arena = &symbols->arena;
    /* Reports must not wait for a server, nor tell one what runs here. */
    unsetenv("DEBUGINFOD_URLS");
    return symbols;
}

void tenure_symbols_free(struct tenure_symbols *symbols)
{
    for (size_t i = 0; i <= symbols->series->calls.image_count; i++)
        free(symbols->lookups[i].at);
    tenure_arena_drop(&symbols->arena);
    free(symbols);
}

const char *tenure_lookup_text(struct tenure_lookups *lookups, const char *text)
{
    char *copy = tenure_arena_text(lookups->arena, text, strlen(text));
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    return copy;
}

/* A return address follows the call; the call may be the last instruction of
 * its line, or of its function. */
static uint64_t lookup_address(const struct tenure_call *call)
{
    return call->kind == TENURE_NODE_EXACT || call->address == 0
               ? call->address
               : call->address - 1;
}

static struct tenure_lookups *lookups_of(const struct tenure_symbols *symbols,
                                         const struct tenure_call *call)
{
    size_t image = call->image == TENURE_NONE
                       ? symbols->series->calls.image_count
                       : call->image;
    return &symbols->lookups[image];
}

void tenure_symbols_want(struct tenure_symbols *symbols, uint32_t call)
{
    const struct tenure_call *calls = symbols->series->calls.calls;
    for (; calls[call].caller != TENURE_NONE && !symbols->wanted[call];
         call = calls[call].caller) {
        struct tenure_lookups *to = lookups_of(symbols, &calls[call]);
        to->at = tenure_grow(to->at, to->count, &to->room, sizeof *to->at);
        to->at[to->count++] =
            (struct tenure_lookup){.address = lookup_address(&calls[call])};
        symbols->wanted[call] = true;
    }
}

static int by_address(const void *left, const void *right)
{
    const struct tenure_lookup *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static void sort_lookups(struct tenure_lookups *lookups)
{
    size_t kept = 0;
    if (lookups->count > 0)
        qsort(lookups->at, lookups->count, sizeof *lookups->at, by_address);
    for (size_t i = 0; i < lookups->count; i++)
        if (i == 0 || lookups->at[i].address != lookups->at[i - 1].address)
            lookups->at[kept++] = lookups->at[i];
    lookups->count = kept;
}

static size_t missing(const struct tenure_lookups *lookups)
{
    size_t count = 0;
    for (size_t i = 0; i < lookups->count; i++)
        count += lookups->at[i].frames.count == 0;
    return count;
}

static void give_up(struct tenure_lookups *lookups)
{
    static const struct tenure_frame unknown = {"", "", 0, TENURE_FRAME_UNKNOWN,
                                                0};
    for (size_t i = 0; i < lookups->count; i++)
        if (lookups->at[i].frames.count == 0)
            lookups->at[i].frames = (struct tenure_frames){&unknown, 1};
}

static void resolve_image(struct tenure_symbols *symbols, uint32_t at)
{
    struct tenure_lookups *lookups = &symbols->lookups[at];
    const struct tenure_image *image = &symbols->series->calls.images[at];
    tenure_cache_read(lookups, image->build_id);
    if (missing(lookups) == 0)
        return;
    if (symbols->progress)
        symbols->progress(image->name);
    bool with_debug =
        tenure_lookup_elf(lookups, image, symbols->series->snapshots[0].process,
                          &symbols->problem[at]);
    give_up(lookups);
    if (!symbols->problem[at])
        tenure_cache_write(lookups, image->build_id, with_debug);
}

void tenure_symbols_resolve(struct tenure_symbols *symbols)
{
    uint32_t images = (uint32_t)symbols->series->calls.image_count;
    for (uint32_t i = 0; i < images; i++) {
        sort_lookups(&symbols->lookups[i]);
        if (missing(&symbols->lookups[i]) > 0)
            resolve_image(symbols, i);
    }
    struct tenure_lookups *loose = &symbols->lookups[images];
    sort_lookups(loose);
    if (missing(loose) > 0)
        tenure_lookup_jit(loose, symbols->series->snapshots[0].process);
    give_up(loose);
}

const struct tenure_frames *
tenure_symbols_of(const struct tenure_symbols *symbols, uint32_t call)
{
    const struct tenure_call *of = &symbols->series->calls.calls[call];
    const struct tenure_lookups *in = lookups_of(symbols, of);
    struct tenure_lookup key = {.address = lookup_address(of)};
    const struct tenure_lookup *found =
        bsearch(&key, in->at, in->count, sizeof key, by_address);
    return found ? &found->frames : NULL;
}

const char *tenure_symbols_type(struct tenure_symbols *symbols, uint32_t call)
{
    if (!symbols->type)
        symbols->type = tenure_classes_find(symbols->series, &symbols->arena);
    return symbols->type[call];
}

const char *tenure_symbols_problem(const struct tenure_symbols *symbols,
                                   uint32_t image)
{
    return symbols->problem[image];
}
