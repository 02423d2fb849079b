/*
 * What one thing a cohort hangs on, and how full it is.
 *
 * The votes of a site come in, and then global words; out goes at most one
 * CONTAINERS record for a site. What a container holds directly are its
 * entries: the blocks of the site, or others of which each holds some. Their
 * site is taken from the first sample that hangs there; words that point to
 * blocks of it are counted, so that a reader can compare them with the
 * number of blocks: where each has a word of its own, the container bounds
 * them; where they hang on one another, it does not.
 */
#include "agent/mark_words.h"
#include "agent/retaining.h"

/* 256 sites may share a large container, and clearing all votes is dear:
 * both are bounded by what retain.h says. */
static uint64_t count_entries(struct tenure__retaining *making,
                              uint32_t container, uint32_t entry)
{
    const struct tenure__index *index = &making->mark->index;
    struct tenure__words words = tenure__words_of(index, container);
    uint64_t filled = 0;
    making->container_words += tenure__index_bytes(index, container) / 8;
    while (tenure__words_next(index, &words))
        for (uint64_t i = 0; i < words.count; i++) {
            uint32_t to =
                tenure__index_find(index, tenure__mark_address(words.word[i]));
            filled += to != TENURE__NO_BLOCK && to != container &&
                      tenure__retain_site_of(making, to) == entry;
        }
    return filled;
}

static void describe(struct tenure__retaining *making,
                     struct tenure__retain_chosen *chosen, uint32_t block)
{
    const struct tenure__index *index = &making->mark->index;
    uint64_t words = tenure__index_bytes(index, block) / 8;
    if (making->container_words + words > TENURE_RETAIN_CONTAINER_WORDS)
        return;
    chosen->has_container = true;
    chosen->container = (struct tenure_container){
        .site = chosen->site,
        .kind = TENURE_RETAINER_BLOCK,
        .what = tenure__retain_site_of(making, block),
        .module = TENURE_NONE,
        .generation = index->generation[block],
        .flags = index->block[block].is_resized ? TENURE_CONTAINER_RESIZED : 0,
        .share = tenure__retain_share(tenure__retain_votes(making, block),
                                      chosen->count),
        .words = words,
        .filled = count_entries(making, block, chosen->entry),
        .blocks = making->site[chosen->site].blocks,
    };
}

/* No block holds them: maybe a global does. Which words point to entries is
 * seen when the roots are read. */
static void await_global(struct tenure__retaining *making,
                         struct tenure__retain_chosen *chosen)
{
    chosen->entry = tenure__retain_site_of(making, making->path[0].top);
    chosen->module = TENURE_NONE;
    if (chosen->entry >= making->sites)
        return;
    struct tenure__retain_site *entry = &making->site[chosen->entry];
    chosen->next_entry = entry->entries;
    entry->entries = (uint32_t)(chosen - making->chosen) + 1;
}

/* The nearest block with nine tenths of the votes. */
void tenure__retain_container(struct tenure__retaining *making,
                              struct tenure__retain_chosen *chosen)
{
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure__retain_path *path = &making->path[i];
        uint32_t held = path->held;
        for (uint32_t s = path->steps; s-- > 0; held = path->step[s].first) {
            if (tenure__retain_votes(making, path->step[s].first) * 10 <
                chosen->count * 9)
                continue;
            chosen->entry = tenure__retain_site_of(making, held);
            describe(making, chosen, path->step[s].first);
            return;
        }
    }
    await_global(making, chosen);
}

void tenure__retain_global(struct tenure__retaining *making, uint32_t block,
                           uint32_t module, uint64_t address)
{
    uint32_t site = tenure__retain_site_of(making, block);
    if (site >= making->sites)
        return;
    for (uint32_t i = making->site[site].entries; i != 0;) {
        struct tenure__retain_chosen *chosen = &making->chosen[i - 1];
        i = chosen->next_entry;
        if (chosen->container.filled == 0) {
            chosen->module = module;
            chosen->first = address;
        }
        if (chosen->module != module)
            continue;
        chosen->container.filled++;
        if (address > chosen->last)
            chosen->last = address;
        if (address < chosen->first)
            chosen->first = address;
    }
}

void tenure__retain_container_end(struct tenure__retaining *making,
                                  struct tenure__retain_chosen *chosen)
{
    uint32_t held = 0;
    if (chosen->has_container || chosen->container.filled == 0)
        return;
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure__retain_path *path = &making->path[i];
        const struct tenure_retainer *root =
            &tenure__retain_top(making, path->top)->root;
        held += root->kind == TENURE_RETAINER_GLOBAL &&
                root->module == chosen->module &&
                tenure__retain_site_of(making, path->top) == chosen->entry;
    }
    if (held * 10 < chosen->count * 9)
        return;
    chosen->has_container = true;
    chosen->container.site = chosen->site;
    chosen->container.kind = TENURE_RETAINER_GLOBAL;
    chosen->container.module = chosen->module;
    chosen->container.share = tenure__retain_share(held, chosen->count);
    chosen->container.words = (chosen->last - chosen->first) / 8 + 1;
    chosen->container.blocks = making->site[chosen->site].blocks;
}
