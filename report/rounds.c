/*
 * Sites of several runs, put side by side by their stable ids: a site leaks
 * if each run left more of it than the one before, the first left out since
 * it warms up what the others find warm.
 */
#include "report/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "report/charge_make.h"
#include "report/words.h"

struct round_site {
    uint64_t id;
    const struct tenure_site *site; /* of the last run */
    uint64_t *blocks, *bytes;       /* [runs] alive at the end */
};

struct round_sites {
    struct round_site *at;
    size_t count, room;
    struct tenure_arena arena;
};

static struct round_site *site_of(struct round_sites *sites, uint64_t id,
                                  uint32_t runs)
{
    for (size_t i = 0; i < sites->count; i++)
        if (sites->at[i].id == id)
            return &sites->at[i];
    sites->at =
        tenure_grow(sites->at, sites->count, &sites->room, sizeof *sites->at);
    sites->at[sites->count] = (struct round_site){
        .id = id,
        .blocks = tenure_arena_take(&sites->arena, runs, sizeof(uint64_t)),
        .bytes = tenure_arena_take(&sites->arena, runs, sizeof(uint64_t))};
    return &sites->at[sites->count++];
}

static void add_run(struct round_sites *sites, const struct tenure_case *run,
                    uint32_t k, uint32_t runs)
{
    const struct tenure_site_list *list = &run->series.sites;
    struct tenure_symbols *symbols = run->view.symbols;
    struct tenure_stack stack = {0};
    uint32_t last = run->series.timeline.count - 1;
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].population.live_blocks[last])
            tenure_symbols_want(symbols, list->at[i].call);
    tenure_symbols_resolve(symbols);
    for (size_t i = 0; i < list->count; i++) {
        const struct tenure_population *p = &list->at[i].population;
        if (!p->live_blocks[last])
            continue;
        tenure_stack_load(&stack, &run->series, symbols, list->at[i].call);
        struct round_site *site =
            site_of(sites, tenure_stack_id(&stack, &run->series), runs);
        site->blocks[k] += p->live_blocks[last];
        site->bytes[k] += p->live_bytes[last];
        site->site = k + 1 == runs ? &list->at[i] : NULL;
    }
    tenure_stack_drop(&stack);
}

static bool grows(const struct round_site *site, uint32_t runs)
{
    if (!site->site || runs < (uint32_t)tenure_rules.suspect_snapshots)
        return false;
    for (uint32_t k = 2; k < runs; k++)
        if (site->blocks[k] <= site->blocks[k - 1])
            return false;
    return true;
}

/* Sites that the trend accused already keep their charge. */
static bool is_charged(const struct tenure_case *run,
                       const struct tenure_site *site)
{
    for (uint32_t i = 0; i < run->charge_count; i++)
        if (tenure_charge_is_of(&run->charges[i], site))
            return true;
    return false;
}

static const char *evidence(const struct round_site *site, uint32_t runs,
                            struct tenure_arena *arena)
{
    enum { SHOWN = 8 };
    char text[256];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    uint32_t first = runs > SHOWN ? runs - SHOWN : 0;
    tenure_say(&words, "alive at the end of rounds %u to %u: ", first + 1,
               runs);
    for (uint32_t k = first; k < runs; k++)
        tenure_say(&words, "%s%llu", k > first ? ", " : "",
                   (unsigned long long)site->blocks[k]);
    tenure_say(&words, " blocks");
    return tenure_arena_text(arena, text, words.used);
}

static void charge(struct tenure_decision *decision, struct tenure_case *run,
                   const struct round_site *site, uint32_t runs)
{
    struct tenure_arena *arena = &decision->cases.arena;
    bool sure = runs >= (uint32_t)tenure_rules.leak_snapshots;
    struct tenure_charge made = tenure_charge_of_site(run, site->site, arena);
    made.class = sure ? TENURE_CLASS_LEAK : TENURE_CLASS_SUSPECT;
    made.confidence = sure ? 0.9 : 0.5;
    made.evidence = evidence(site, runs, arena);
    made.leader = run->charge_count;
    struct tenure_charge *all =
        tenure_arena_take(arena, run->charge_count + 1, sizeof *all);
    memcpy(all, run->charges, run->charge_count * sizeof *all);
    all[run->charge_count++] = made;
    run->charges = all;
}

/* A program that does not know of rounds does the same in each. */
static bool work_grows(struct tenure_case *const *runs, uint32_t count)
{
    for (uint32_t k = 1; k < count; k++)
        if (tenure_snapshot_value(tenure_case_last(runs[k]),
                                  TENURE_VALUE_ALLOCATED_BLOCKS) <=
            tenure_snapshot_value(tenure_case_last(runs[k - 1]),
                                  TENURE_VALUE_ALLOCATED_BLOCKS))
            return false;
    return true;
}

void tenure_rounds_judge(struct tenure_decision *decision,
                         struct tenure_case *const *runs, uint32_t count)
{
    struct round_sites sites = {0};
    struct tenure_case *last = runs[count - 1];
    if (!work_grows(runs, count)) {
        tenure_decision_doubt(decision,
                              "the rounds do not differ: let the "
                              "program repeat its test $TENURE_ROUND times");
        return;
    }
    for (uint32_t k = 0; k < count; k++)
        add_run(&sites, runs[k], k, count);
    for (size_t i = 0; i < sites.count; i++)
        if (grows(&sites.at[i], count) && !is_charged(last, sites.at[i].site))
            charge(decision, last, &sites.at[i], count);
    for (uint32_t k = 0; k < count; k++)
        runs[k]->judged = count;
    free(sites.at);
    tenure_arena_drop(&sites.arena);
}
