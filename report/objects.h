/*
 * Single blocks of a snapshot that was taken with --objects: which of them
 * to show, and what their first words are.
 */
#ifndef TENURE_REPORT_OBJECTS_H
#define TENURE_REPORT_OBJECTS_H

#include "agent/format/objects.h"
#include "report/series.h"

/* "reached", "lost", ...; of an object's mark. */
const char *tenure_object_mark_name(uint32_t mark);

/* Generations that it has survived. */
uint32_t tenure_object_age(const struct tenure_snapshot *snapshot,
                           const struct tenure_object *object);

/* Does the snapshot list its blocks? If not, `why` says what to do. */
bool tenure_objects_listed(const struct tenure_snapshot *snapshot,
                           struct tenure_why *why);

/* ---- the largest ------------------------------------------------------- */

/* Largest first, of those the oldest, of those the lowest. */
struct tenure_picks {
    struct tenure_object *at;
    size_t count;
    uint64_t of; /* so many there are to choose from */
};

/* `call`: only of this site, or TENURE_NONE; `top` 0: all. */
void tenure_picks_make(struct tenure_picks *picks,
                       const struct tenure_series *series, uint32_t call,
                       uint64_t top);
void tenure_picks_drop(struct tenure_picks *picks);

/* ---- first words ------------------------------------------------------- */

/* The words that point into modules, each once, with names. */
struct tenure_words {
    const struct tenure_snapshot *snapshot;
    struct tenure_word *at;
    size_t count, room;
    struct tenure_arena arena;
};

/* Zero-initialise but for `snapshot`; add all, then name them, then ask. */
void tenure_words_add(struct tenure_words *words,
                      const struct tenure_object *object);
void tenure_words_name(struct tenure_words *words);
void tenure_words_drop(struct tenure_words *words);

/* The class whose vtable the word is; "" = none. */
const char *tenure_words_type(const struct tenure_words *words,
                              const struct tenure_object *object);

/* What a word is, for a person: a class, a place in a module, text, a
 * number; "" = unknown. Returns `text`. */
const char *tenure_words_text(const struct tenure_words *words,
                              const struct tenure_object *object, char *text,
                              size_t bytes);

#endif
