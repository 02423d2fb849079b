/*
 * What a list shows: sites, or sites put together by function, module,
 * thread or C++ class; which of them changed, in which order, how many.
 */
#ifndef TENURE_REPORT_LINES_H
#define TENURE_REPORT_LINES_H

#include "report/stack.h"

enum tenure_sort { TENURE_SORT_DELTA, TENURE_SORT_BYTES, TENURE_SORT_COUNT };
enum tenure_group {
    TENURE_GROUP_SITE,
    TENURE_GROUP_FUNCTION,
    TENURE_GROUP_MODULE,
    TENURE_GROUP_THREAD,
    TENURE_GROUP_TYPE
};
/* For options' choices. */
extern const char *const tenure_sort_names[], *const tenure_group_names[];

struct tenure_line {
    const struct tenure_site *site; /* it, or the first of the group */
    const char *name;               /* of a group; NULL for a site */
    uint32_t sites;                 /* how many are in it */
    struct tenure_columns columns;
    struct tenure_variances variances;
    uint64_t live_blocks, live_bytes; /* in the last snapshot */
    uint64_t age_blocks[TENURE_AGES], age_bytes[TENURE_AGES];
};

struct tenure_lines {
    struct tenure_line *at;
    size_t count; /* lines to be had */
    size_t shown; /* the first so many are to be printed */
    size_t sites; /* sites in all of them */
    struct tenure_arena arena;
};

enum tenure_which {
    TENURE_EVERY,   /* alive in any snapshot */
    TENURE_LIVE,    /* alive in the last one */
    TENURE_CHANGED, /* differs between the first and the last */
};

/*
 * Picks, groups, orders and cuts (top 0 = no cut). Groups need the names of
 * all sites, which are resolved on the way; for sites only the names of
 * those that are to be printed are asked for (tenure_symbols_want), and the
 * caller resolves them.
 */
void tenure_lines_make(struct tenure_lines *lines,
                       const struct tenure_series *series,
                       const struct tenure_site_list *list,
                       struct tenure_symbols *symbols, enum tenure_which which,
                       enum tenure_group group, enum tenure_sort sort,
                       uint64_t top);
void tenure_lines_drop(struct tenure_lines *lines);

#endif
