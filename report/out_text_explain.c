/*
 * tenure diff --explain SITE: the cohort matrix of a site and every test of
 * its verdict with its numbers.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/explain.h"
#include "report/message.h"
#include "report/out_text.h"
#include "report/retainer.h"

typedef void visit_site(const struct tenure_view *view,
                        const struct tenure_site *site,
                        struct tenure_stack *stack);

struct search {
    const struct tenure_view *view;
    struct tenure_stack stack;
    uint64_t first_id;
    uint32_t found;
    bool several; /* ids begin like that */
};

static bool begins(uint64_t id, const char *prefix)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, id);
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Visits all sites whose id begins as asked. */
static void look(struct search *search, const struct tenure_site_list *list,
                 visit_site *visit)
{
    const struct tenure_view *view = search->view;
    for (size_t i = 0; i < list->count; i++) {
        tenure_stack_load(&search->stack, view->series, view->symbols,
                          list->at[i].call);
        uint64_t id = tenure_stack_id(&search->stack, view->series);
        if (!begins(id, view->explain))
            continue;
        if (!search->found++)
            search->first_id = id;
        search->several |= id != search->first_id;
        if (visit)
            visit(view, &list->at[i], &search->stack);
    }
}

static void want_all(const struct tenure_view *view,
                     const struct tenure_site_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        tenure_symbols_want(view->symbols, list->at[i].call);
}

static void visit_found(struct search *search, struct tenure_view *view,
                        visit_site *visit)
{
    const struct tenure_series *series = view->series;
    if (!search->found) {
        view->status = tenure_complain(
            "no site has an id that begins with %s; the last line of each "
            "stack in tenure diff gives it",
            view->explain);
    } else if (search->several) {
        view->status = tenure_complain(
            "more than one site has an id that begins with "
            "%s; give more of its digits",
            view->explain);
    } else {
        tenure_text_head(view);
        look(search, &series->sites, visit);
        look(search, &series->mappings, visit);
    }
}

void tenure_text_asked(struct tenure_view *view, visit_site *visit)
{
    const struct tenure_series *series = view->series;
    struct search search = {.view = view};
    want_all(view, &series->sites);
    want_all(view, &series->mappings);
    view->retainers = tenure_retainers_new(series, view->symbols);
    tenure_symbols_resolve(view->symbols);
    look(&search, &series->sites, NULL);
    look(&search, &series->mappings, NULL);
    visit_found(&search, view, visit);
    tenure_retainers_free(view->retainers);
    view->retainers = NULL;
    tenure_stack_drop(&search.stack);
}

static void explain(const struct tenure_view *view,
                    const struct tenure_site *site, struct tenure_stack *stack)
{
    const struct tenure_line line = {.site = site, .sites = 1};
    fputs("  ", view->paper.to);
    tenure_text_title(view, &line, stack, 2);
    tenure_text_stack(view, stack);
    fputc('\n', view->paper.to);
    tenure_explain(view->paper.to, &site->population,
                   sqrt(site->variances.live_bytes),
                   tenure_verdict_of(&view->judgement, site));
    tenure_text_way(view, site);
    fputc('\n', view->paper.to);
}

static void print(struct tenure_view *view)
{
    tenure_text_asked(view, explain);
}

const struct tenure_output tenure_out_text_explain = {"text", print};
