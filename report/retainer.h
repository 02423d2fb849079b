/*
 * Who holds the blocks of a site: the steps from a root of the process to
 * them, with names.
 *
 *     struct tenure_retainers *all = tenure_retainers_new(series, symbols);
 *     tenure_symbols_resolve(symbols);
 *     const struct tenure_step *step = tenure_retainers_of(all, call, &count);
 *     tenure_retainers_free(all);
 *
 * They are of the newest snapshot that recorded any. Not thread-safe; steps
 * live until the next question, their names as long as `all`.
 */
#ifndef TENURE_REPORT_RETAINER_H
#define TENURE_REPORT_RETAINER_H

#include <stddef.h>
#include <stdint.h>

#include "report/series.h"
#include "report/symbolize.h"

struct tenure_step {
    uint32_t kind;     /* enum tenure_retainer_kind */
    const char *what;  /* "global `table`", "block of node_new" */
    const char *where; /* the module of a global, or "" */
    uint64_t offset;   /* of the pointer in it; of a nameless global in the
                          module; 0 for all but these and blocks */
    double share;      /* of the site's newest blocks, 0 to 1 */
};

/* Asks for the names that the steps need (tenure_symbols_want). */
struct tenure_retainers *tenure_retainers_new(const struct tenure_series *of,
                                              struct tenure_symbols *symbols);
void tenure_retainers_free(struct tenure_retainers *all);

/* The steps of a site, root first; it is given by its call. *count is 0 if
 * no way was recorded. */
const struct tenure_step *tenure_retainers_of(struct tenure_retainers *all,
                                              uint32_t call, uint32_t *count);

/* The snapshot that they are of; NULL if none has any. */
const struct tenure_snapshot *
tenure_retainers_snapshot(const struct tenure_retainers *all);

/* "global `table`+0x18 (server)", "block of node_new, +0x8"; returns `text`.
 */
const char *tenure_step_text(const struct tenure_step *step, char *text,
                             size_t bytes);

/* The same without the offset: "global `table` (server)". */
const char *tenure_step_name(const struct tenure_step *step, char *text,
                             size_t bytes);

#endif
