/*
 * Names for calls: function, file, line, inlined callers.
 *
 *     struct tenure_symbols *symbols = tenure_symbols_new(&series, NULL);
 *     tenure_symbols_want(symbols, site->call);  ... for all to be shown
 *     tenure_symbols_resolve(symbols);
 *     const struct tenure_frames *frames = tenure_symbols_of(symbols, call);
 *
 * Names come from the ELF file with the recorded build-id and its separate
 * debug file, found on this machine; never from the target, never from the
 * network. A file that was replaced since is said to be (`problem`), and no
 * name is taken from it. What was found is kept in the user's cache by
 * build-id. Not thread-safe; frames live as long as `symbols`.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_H
#define TENURE_REPORT_SYMBOLIZE_H

#include <stdint.h>

#include "report/series.h"

enum tenure_frame_kind {
    TENURE_FRAME_NATIVE,
    TENURE_FRAME_INLINE,  /* inlined into the frame that follows */
    TENURE_FRAME_JIT,     /* named by /tmp/perf-PID.map */
    TENURE_FRAME_UNKNOWN, /* no name; `address` is all there is */
};

struct tenure_frame {
    const char *function; /* demangled; "" = unknown */
    const char *file;     /* "" = unknown */
    uint32_t line;        /* 0 = unknown */
    uint32_t kind;        /* enum tenure_frame_kind */
    /* Of a stripped module: bytes past the nearest exported symbol, which
     * need not be the function itself; 0 = the function is known. */
    uint64_t past;
};

/* One call: itself last, what was inlined into it before. */
struct tenure_frames {
    const struct tenure_frame *at;
    uint32_t count; /* at least 1 */
};

/* `progress`, if not NULL, is called before a file is read, which may take
 * a while. */
struct tenure_symbols *tenure_symbols_new(const struct tenure_series *series,
                                          void (*progress)(const char *file));
void tenure_symbols_free(struct tenure_symbols *symbols);

/* Asks for a call and all its callers. */
void tenure_symbols_want(struct tenure_symbols *symbols, uint32_t call);

/* Finds what is wanted. */
void tenure_symbols_resolve(struct tenure_symbols *symbols);

/* The frames of a call that is not a thread and was wanted and resolved. */
const struct tenure_frames *
tenure_symbols_of(const struct tenure_symbols *symbols, uint32_t call);

/* The class of the C++ objects that a site's call allocates, "" = none is
 * known (classes.h). Needs neither want nor resolve. */
const char *tenure_symbols_type(struct tenure_symbols *symbols, uint32_t call);

/* Why an image has no (or poor) names: "changed on disk", or NULL. */
const char *tenure_symbols_problem(const struct tenure_symbols *symbols,
                                   uint32_t image);

#endif
