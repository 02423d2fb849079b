/*
 * What the text formats share: the head of a report, stacks, notes.
 */
#ifndef TENURE_REPORT_OUT_TEXT_H
#define TENURE_REPORT_OUT_TEXT_H

#include "report/view.h"

/* The process, one line per snapshot, what the agent could not do. */
void tenure_text_head(const struct tenure_view *view);

/* The frames of a stack, cut to view->depth, and the thread. */
void tenure_text_stack(const struct tenure_view *view,
                       const struct tenure_stack *stack);

/* The end of a line: the group's name, or the function that wanted the
 * memory; `stack` is loaded with the line's site. */
void tenure_text_title(const struct tenure_view *view,
                       const struct tenure_line *line,
                       struct tenure_stack *stack, size_t used_columns);

/* Prints the head, then calls `visit` with the stack loaded for all sites
 * whose id begins with view->explain, view->retainers made; complains into
 * view->status if there is no such id, or more than one. */
void tenure_text_asked(struct tenure_view *view,
                       void (*visit)(const struct tenure_view *view,
                                     const struct tenure_site *site,
                                     struct tenure_stack *stack));

/* What the mark of a shown snapshot found lost, and where. */
void tenure_text_lost(const struct tenure_view *view);

/* Who holds a site, root first, if that was recorded; in a visit. */
void tenure_text_way(const struct tenure_view *view,
                     const struct tenure_site *site);

/* "12 of 340 sites shown; --top=0 shows all", if something was cut. */
void tenure_text_cut(const struct tenure_view *view,
                     const struct tenure_lines *lines);

/* The last line: the verdict and its reasons. */
void tenure_text_outcome(const struct tenure_view *view);

/* "function", "module", "thread" or "site"; with an s unless it is one. */
const char *tenure_text_noun(const struct tenure_view *view, size_t count);

#endif
