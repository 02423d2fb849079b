/*
 * Who holds the blocks of a site: the ways from roots of the process to
 * them, with names. The way that holds most comes first.
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/series.h"
#include "report/symbolize.h"

struct tenure_step {
    uint32_t way;       /* 0, 1, ... */
    uint32_t kind;      /* enum tenure_retainer_kind */
    const char *what;   /* "global `table`", "block of node_new" */
    const char *member; /* of a global, by its type: "table.rows[3]", or "";
                           of blocks that are known by their pointers' types:
                           "struct row.next" */
    const char *where;  /* the module of a global, or "" */
    bool several;       /* pointers of a global, not only one; `member` is
                           the smallest that holds them all */
    bool is_array;      /* they stand in elements of an array */
    uint32_t times;     /* blocks: so many steps that look the same */
    uint64_t offset;    /* of the pointer in it; of a nameless global in the
                           module; 0 for all but these and blocks */
    double share;       /* of the site's newest blocks, 0 to 1 */
};

/* A root: where a way begins. One way may begin at several globals. */
static inline bool tenure_step_is_root(const struct tenure_step *step)
{
    return !tenure_retainer_is_block(step->kind);
}

/* Asks for the names that the steps need (tenure_symbols_want). */
struct tenure_retainers *tenure_retainers_new(const struct tenure_series *of,
                                              struct tenure_symbols *symbols);
void tenure_retainers_free(struct tenure_retainers *all);

/* The steps of a site, way by way, root first; it is given by its call.
 * *count is 0 if no way was recorded. */
const struct tenure_step *tenure_retainers_of(struct tenure_retainers *all,
                                              uint32_t call, uint32_t *count);

/* The snapshot that they are of; NULL if none has any. */
const struct tenure_snapshot *
tenure_retainers_snapshot(const struct tenure_retainers *all);

/* "global `table.rows[3]` (server)", "one block of node_new, at +0x8";
 * returns `text`. */
const char *tenure_step_text(const struct tenure_step *step, char *text,
                             size_t bytes);

/* What it is, without the place in it: "global `table` (server)". */
const char *tenure_step_name(const struct tenure_step *step, char *text,
                             size_t bytes);

/* "global", "stack", "table" ... */
const char *tenure_step_kind(const struct tenure_step *step);

/* The first way on one line: "global `table` (server) -> one block of ...";
 * "" if there is none. Returns `text`. */
const char *tenure_way_text(struct tenure_retainers *all, uint32_t call,
                            char *text, size_t bytes);

#endif
