/*
 * From a joined series to verdicts.
 *
 * Populations are judged one by one; where any is accused, stacks become
 * paths and the accused are looked at again beside their relations.
 */
#include "report/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "report/memory.h"
#include "report/verdict_trade.h"

static void judge_list(const struct tenure_site_list *list,
                       struct tenure_matrix *scratch,
                       struct tenure_site_verdict *verdicts)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct tenure_population *one = &list->at[i].population;
        tenure_judge_site(&one, 1, scratch, &verdicts[i]);
    }
}

static bool any_accused(const struct tenure_site_verdict *verdicts,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tenure_class_accuses(verdicts[i].class))
            return true;
    return false;
}

/* The same number for the same call, whatever thread made it. */
static uint64_t call_key(const struct tenure_call *call)
{
    return call->address ^ (uint64_t)call->image << 48;
}

/* The image of the program itself, or TENURE_NONE. */
static uint32_t own_image(const struct tenure_series *series)
{
    const struct tenure_snapshot *last =
        &series->snapshots[series->timeline.count - 1];
    const char *exe = tenure_snapshot_string(last, last->process->exe);
    for (uint32_t i = 0; i < series->calls.image_count; i++)
        if (strcmp(series->calls.images[i].path, exe) == 0)
            return i;
    return TENURE_NONE;
}

/* What the program's own code did; calls inside of libraries only blur it.
 * All calls where it has none. */
static struct tenure_path path_of(const struct tenure_calltree *calls,
                                  uint32_t call, uint32_t own,
                                  struct tenure_arena *arena)
{
    uint32_t depth = 0, owned = 0;
    for (uint32_t c = call; calls->calls[c].caller != TENURE_NONE;
         c = calls->calls[c].caller) {
        depth++;
        owned += calls->calls[c].image == own;
    }
    uint32_t left = owned ? owned : depth;
    struct tenure_path path = {NULL, left};
    uint64_t *at = tenure_arena_take(arena, left + 1, sizeof *at);
    for (uint32_t c = call; left; c = calls->calls[c].caller)
        if (!owned || calls->calls[c].image == own)
            at[--left] = call_key(&calls->calls[c]);
    path.at = at;
    return path;
}

static void judge_trades(const struct tenure_series *series,
                         struct tenure_matrix *scratch,
                         struct tenure_site_verdict *verdicts)
{
    const struct tenure_site_list *list = &series->sites;
    struct tenure_arena arena = {0};
    const struct tenure_population **populations =
        tenure_arena_take(&arena, list->count, sizeof *populations);
    struct tenure_path *paths =
        tenure_arena_take(&arena, list->count, sizeof *paths);
    uint32_t own = own_image(series);
    for (size_t i = 0; i < list->count; i++) {
        populations[i] = &list->at[i].population;
        paths[i] = path_of(&series->calls, list->at[i].call, own, &arena);
    }
    tenure_judge_trades(populations, paths, (uint32_t)list->count, scratch,
                        verdicts);
    tenure_arena_drop(&arena);
}

void tenure_judge(struct tenure_judgement *judgement,
                  const struct tenure_series *series)
{
    struct tenure_matrix *scratch = tenure_zeroed(1, sizeof *scratch);
    judgement->series = series;
    judgement->sites =
        tenure_zeroed(series->sites.count + 1, sizeof *judgement->sites);
    judgement->mappings =
        tenure_zeroed(series->mappings.count + 1, sizeof *judgement->mappings);
    judge_list(&series->sites, scratch, judgement->sites);
    judge_list(&series->mappings, scratch, judgement->mappings);
    if (any_accused(judgement->sites, series->sites.count))
        judge_trades(series, scratch, judgement->sites);
    free(scratch);
}

void tenure_judgement_drop(struct tenure_judgement *judgement)
{
    free(judgement->sites);
    free(judgement->mappings);
    *judgement = (struct tenure_judgement){0};
}

const struct tenure_site_verdict *
tenure_verdict_of(const struct tenure_judgement *judgement,
                  const struct tenure_site *site)
{
    const struct tenure_series *series = judgement->series;
    if (site >= series->mappings.at &&
        site < series->mappings.at + series->mappings.count)
        return &judgement->mappings[site - series->mappings.at];
    return &judgement->sites[site - series->sites.at];
}
