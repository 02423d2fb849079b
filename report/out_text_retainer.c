/*
 * tenure retainers SNAP SITE: who holds a site's blocks, root first; also
 * the end of diff --explain.
 */
#include <inttypes.h>

#include "report/out_text.h"
#include "report/retainer.h"
#include "report/verdict_rules.h"
#include "report/words.h"

static const struct tenure_snapshot *last_of(const struct tenure_series *series)
{
    return &series->snapshots[series->timeline.count - 1];
}

static void print_retained(const struct tenure_view *view,
                           const struct tenure_site *site)
{
    const struct tenure_series *series = view->series;
    const uint32_t of = series->retained_of;
    if (of == TENURE_NONE || site->retained_bytes == 0)
        return;
    fprintf(view->paper.to,
            "\n  Retains %s: what would go with these blocks, which have %s "
            "themselves\n",
            tenure_text_bytes(site->retained_bytes).text,
            tenure_text_bytes(site->population.live_bytes[of]).text);
}

/* The first line of a root has its share, and no other. */
static void print_step(const struct tenure_paper *paper,
                       const struct tenure_step *step)
{
    char text[2300];
    if (tenure_step_is_root(step))
        fprintf(paper->to, "  %6.1f %%  ", 100 * step->share);
    else
        fputs("            -> ", paper->to);
    tenure_print_text(paper, tenure_step_text(step, text, sizeof text));
    fputc('\n', paper->to);
}

void tenure_text_way(const struct tenure_view *view,
                     const struct tenure_site *site)
{
    const struct tenure_paper *paper = &view->paper;
    uint32_t count;
    print_retained(view, site);
    const struct tenure_step *step =
        tenure_retainers_of(view->retainers, site->call, &count);
    if (count == 0)
        return;
    fputs("\n  Held by", paper->to);
    if (view->series->timeline.count > 1)
        fprintf(paper->to, " in snapshot %u",
                tenure_retainers_snapshot(view->retainers)->process->seq);
    fputs(", root first (share of the blocks born last)\n\n", paper->to);
    for (uint32_t i = 0; i < count; i++) {
        print_step(paper, &step[i]);
        if (i + 1 == count || step[i + 1].way != step[i].way)
            fputs("            -> these blocks\n", paper->to);
    }
}

static void print_evidence(const struct tenure_view *view,
                           const struct tenure_site *site)
{
    const struct tenure_population *p = &site->population;
    struct tenure_site_verdict verdict = {0};
    char text[512];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    tenure_take_lost(&p, 1, &verdict);
    tenure_say_lost(&words, &verdict, p);
    tenure_print_text(&view->paper, text);
    fputs(".\n", view->paper.to);
}

/* Why there may be no way, or not for all blocks. */
static void print_doubt(const struct tenure_view *view,
                        const struct tenure_site *site, bool found)
{
    FILE *to = view->paper.to;
    const struct tenure_snapshot *s = last_of(view->series);
    const char *why = tenure_snapshot_string(s, s->process->stop_method);
    const struct tenure_population *p = &site->population;
    uint32_t last = view->series->timeline.count - 1;
    uint64_t lost = p->lost_blocks[last];
    if (s->process->kind != TENURE_MAJOR) {
        fputs("\n  This is a minor snapshot: nobody looked for pointers", to);
        if (*why) {
            fputs(" (", to);
            tenure_print_text(&view->paper, why);
            fputc(')', to);
        }
        fputs(".\n  tenure snap --major takes one that says who holds what.\n",
              to);
    } else if (lost > 0) {
        fprintf(to, "\n  %s of its %s blocks (%s) are lost:\n  ",
                tenure_text_count(lost).text,
                tenure_text_count(p->live_blocks[last]).text,
                tenure_text_bytes(p->lost_bytes[last]).text);
        print_evidence(view, site);
    } else if (p->possible_blocks > 0) {
        fprintf(to,
                "\n  Possibly lost: only interior pointers lead to %s of its "
                "%s blocks (%s).\n",
                tenure_text_count(p->possible_blocks).text,
                tenure_text_count(p->live_blocks[last]).text,
                tenure_text_bytes(p->possible_bytes).text);
    } else if (p->live_blocks[last] == 0) {
        fputs(
            "\n  It has no block in this snapshot: ask an earlier one, in "
            "which it has some.\n",
            to);
    } else if (!found) {
        fputs(
            "\n  No way was recorded: they are kept for the 256 sites that "
            "matter most, if a\n  pointer to their newest blocks was "
            "found.\n",
            to);
    }
}

static void print_site(const struct tenure_view *view,
                       const struct tenure_site *site,
                       struct tenure_stack *stack)
{
    const struct tenure_line line = {.site = site, .sites = 1};
    uint32_t count;
    fputs("  ", view->paper.to);
    tenure_text_title(view, &line, stack, 2);
    tenure_text_stack(view, stack);
    tenure_retainers_of(view->retainers, site->call, &count);
    tenure_text_way(view, site);
    print_doubt(view, site, count > 0);
    fputc('\n', view->paper.to);
}

static void print(struct tenure_view *view)
{
    tenure_text_asked(view, print_site);
}

const struct tenure_output tenure_out_text_retainer = {"text", print};
