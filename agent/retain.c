/*
 * Whom to ask about, and the votes.
 *
 * In come the marks, with the parent of each block; out go samples of the
 * newest cohorts, what they hang on, and the blocks that roots will have to
 * be found for.
 */
#include "agent/retain.h"

#include <errno.h>

#include "agent/os.h"
#include "agent/retaining.h"

/* ---- whom to ask about ------------------------------------------------- */

static bool is_reached(const struct tenure__retaining *making, uint32_t block)
{
    return tenure__mark_flags(making->mark, block) & TENURE__BLOCK_REACHED;
}

static void count_site(const struct tenure__mark_block *block, void *with)
{
    struct tenure__retaining *making = with;
    if (block->site >= making->sites || block->site == 0 ||
        block->generation > making->generation)
        return;
    struct tenure__retain_site *site = &making->site[block->site];
    if (site->bytes == 0)
        site->size = block->bytes;
    site->sizes_differ = site->sizes_differ || site->size != block->bytes;
    site->bytes += block->bytes;
    site->blocks += is_reached(making, block->number);
    if (site->oldest == 0 || block->generation < site->oldest)
        site->oldest = block->generation;
    if (block->generation > site->newest)
        site->newest = block->generation;
}

static bool comes_first(const struct tenure__retain_site *a,
                        const struct tenure__retain_site *b)
{
    bool a_lasts = a->oldest < a->newest, b_lasts = b->oldest < b->newest;
    return a_lasts != b_lasts ? a_lasts : a->bytes > b->bytes;
}

static void choose_sites(struct tenure__retaining *making)
{
    struct tenure__retain_chosen *chosen = making->chosen;
    uint32_t count = 0;
    for (uint32_t site = 1; site < making->sites; site++) {
        const struct tenure__retain_site *is = &making->site[site];
        uint32_t at = count < TENURE_RETAIN_SITES ? count : count - 1;
        if (is->bytes == 0 ||
            (count == TENURE_RETAIN_SITES &&
             !comes_first(is, &making->site[chosen[at].site])))
            continue;
        for (; at > 0 && comes_first(is, &making->site[chosen[at - 1].site]);
             at--)
            chosen[at].site = chosen[at - 1].site;
        chosen[at].site = site;
        count += count < TENURE_RETAIN_SITES;
    }
    for (uint32_t i = 0; i < count; i++)
        making->site[chosen[i].site].chosen = i + 1;
    making->chosen_count = count;
}

static void take_sample(const struct tenure__mark_block *block, void *with)
{
    struct tenure__retaining *making = with;
    if (block->site >= making->sites)
        return;
    const struct tenure__retain_site *site = &making->site[block->site];
    if (site->chosen == 0 || block->generation != site->newest)
        return;
    struct tenure__retain_chosen *chosen = &making->chosen[site->chosen - 1];
    if (chosen->count < TENURE_RETAIN_SAMPLES &&
        is_reached(making, block->number))
        chosen->sample[chosen->count++] = block->number;
}

/* ---- votes ------------------------------------------------------------- */

static uint32_t vote_place(const struct tenure__retaining *making,
                           uint32_t block)
{
    uint32_t mask = TENURE__RETAIN_VOTES - 1;
    uint32_t at = (block * 2654435761u >> 8) & mask;
    while (making->vote[at].block != 0 && making->vote[at].block != block + 1)
        at = (at + 1) & mask;
    return at;
}

uint32_t tenure__retain_votes(const struct tenure__retaining *making,
                              uint32_t block)
{
    return making->vote[vote_place(making, block)].count;
}

/* At most samples * steps have one: never half the table. */
static void vote(struct tenure__retaining *making,
                 const struct tenure__retain_chosen *chosen)
{
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure__retain_path *path = &making->path[i];
        tenure__retain_top(making, path->top)->block = path->top + 1;
        for (uint32_t s = 0; s < path->steps; s++) {
            uint32_t at = vote_place(making, path->step[s].first);
            making->vote[at].block = path->step[s].first + 1;
            making->vote[at].count++;
        }
    }
}

static void forget_votes(struct tenure__retaining *making)
{
    for (uint32_t i = 0; i < TENURE__RETAIN_VOTES; i++)
        making->vote[i].block = making->vote[i].count = 0;
}

/* The loader's own blocks, and those that the service wants ignored. */
static void note_root_blocks(struct tenure__retaining *making)
{
    for (uint32_t i = 0; i < making->mark->index.count; i++) {
        if (!making->mark->index.block[i].is_root)
            continue;
        struct tenure__retain_top *top = tenure__retain_top(making, i);
        if (top->block != 0)
            top->root = (struct tenure_retainer){.kind = TENURE_RETAINER_LOADER,
                                                 .module = TENURE_NONE};
    }
}

int tenure__retain_find(struct tenure__retain *retain,
                        struct tenure__mark *mark, uint32_t generation,
                        uint32_t sites)
{
    struct tenure__retaining *making = tenure__os_map(sizeof *making);
    struct tenure__mark_source source = tenure__index_source(&mark->index);
    *retain = (struct tenure__retain){.making = making};
    if (making == NULL)
        return -ENOMEM;
    making->site = tenure__os_map(sites * sizeof *making->site);
    if (making->site == NULL)
        return -ENOMEM;
    making->mark = mark;
    making->sites = sites;
    making->generation = generation;
    source.each(source.self, count_site, making);
    tenure__retain_families(making);
    choose_sites(making);
    source.each(source.self, take_sample, making);
    for (uint32_t i = 0; i < making->chosen_count; i++) {
        if (making->chosen[i].count == 0)
            continue;
        tenure__retain_paths(making, &making->chosen[i]);
        vote(making, &making->chosen[i]);
        tenure__retain_container(making, &making->chosen[i]);
        forget_votes(making);
    }
    note_root_blocks(making);
    return 0;
}
