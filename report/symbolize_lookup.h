/*
 * What the parts of the symbolizer share: the addresses asked of one image,
 * and the frames found for them. Internal to symbolize*.c.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_LOOKUP_H
#define TENURE_REPORT_SYMBOLIZE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "report/memory.h"
#include "report/symbolize.h"

struct tenure_lookup {
    uint64_t address;            /* to look up: of the call instruction */
    struct tenure_frames frames; /* count 0: not found yet */
};

/* All lookups of one image, sorted by address without repetition. */
struct tenure_lookups {
    struct tenure_lookup *at;
    size_t count, room;
    struct tenure_arena *arena; /* of frames and their texts */
};

/* A copy in the arena with control characters made harmless. */
const char *tenure_lookup_text(struct tenure_lookups *lookups,
                               const char *text);

/* From the files of an image; the debug information they had is better than
 * a symbol table: true. *problem is set where there is one. */
bool tenure_lookup_elf(struct tenure_lookups *lookups,
                       const struct tenure_image *image,
                       const struct tenure_process *process,
                       const char **problem);

/* A first word that may be the start of a vtable, as its image counts. */
struct tenure_vtable {
    uint64_t address;
    const char *name; /* of the class; "" = it is none */
};

/* Fills in names, which are texts in the arena; `vtable` is sorted by address
 * without repetition. A file that cannot be read has none. */
void tenure_lookup_vtables(const struct tenure_image *image,
                           const struct tenure_process *process,
                           struct tenure_vtable *vtable, size_t count,
                           struct tenure_arena *arena);

/* From /tmp/perf-PID.map; addresses are absolute. */
void tenure_lookup_jit(struct tenure_lookups *lookups,
                       const struct tenure_process *process);

/* From and to the user's cache; only images with a build-id have one. Never
 * fails: a cache that cannot be used is no cache. */
void tenure_cache_read(struct tenure_lookups *lookups, const char *build_id);
void tenure_cache_write(const struct tenure_lookups *lookups,
                        const char *build_id, bool with_debug);

/* /usr/lib/debug/.build-id/ab/cdef.debug; false if there is no such file. */
bool tenure_debug_file(const char *build_id, char *path, size_t bytes);

#endif
