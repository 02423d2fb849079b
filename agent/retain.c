/*
 * Follows blocks back to what holds them, and votes.
 *
 * In come the marks, with the parent of each block; out go the RETAINERS
 * records of the snapshot. A run of blocks of one site is shortened to its
 * first block as it is climbed, so that a long list is climbed once.
 */
#include "agent/retain.h"

#include <errno.h>

#include "agent/modules.h"
#include "agent/os.h"

#define VOTES 65536u /* of one site; a power of two */
#define CLIMB_MAX 100000u

struct site {
    uint64_t bytes;
    uint32_t oldest, newest;
    uint32_t chosen; /* number among the chosen, from 1 */
};

struct chosen {
    uint32_t site, count;
    uint32_t top; /* the block that a root holds, on the way printed */
    bool has_root;
    struct tenure_retainer root;
    struct tenure_retainer step[TENURE_RETAIN_STEPS];
    uint32_t steps;
    uint32_t top_votes;
    uint32_t sample[TENURE_RETAIN_SAMPLES];
};

struct tenure__retaining {
    struct tenure__mark *mark;
    struct site *site;
    uint32_t sites, generation;
    uint32_t chosen_count;
    struct chosen chosen[TENURE_RETAIN_SITES];
    struct {
        uint32_t block, count;
    } vote[VOTES]; /* block + 1 */
    struct tenure_retainer out[TENURE_RETAINERS_MAX];
};

static uint32_t parent_of(const struct tenure__retaining *making, uint32_t b)
{
    return tenure__mark_parent(making->mark, b);
}

static uint32_t site_of(const struct tenure__retaining *making, uint32_t b)
{
    return making->mark->index.block[b].site;
}

/* ---- whom to ask about ------------------------------------------------- */

static void count_site(const struct tenure__mark_block *block, void *with)
{
    struct tenure__retaining *making = with;
    if (block->site >= making->sites || block->site == 0 ||
        block->generation > making->generation)
        return;
    struct site *site = &making->site[block->site];
    site->bytes += block->bytes;
    if (site->oldest == 0 || block->generation < site->oldest)
        site->oldest = block->generation;
    if (block->generation > site->newest)
        site->newest = block->generation;
}

static bool comes_first(const struct site *a, const struct site *b)
{
    bool a_lasts = a->oldest < a->newest, b_lasts = b->oldest < b->newest;
    return a_lasts != b_lasts ? a_lasts : a->bytes > b->bytes;
}

static void choose_sites(struct tenure__retaining *making)
{
    struct chosen *chosen = making->chosen;
    uint32_t count = 0;
    for (uint32_t site = 1; site < making->sites; site++) {
        const struct site *is = &making->site[site];
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
    const struct site *site = &making->site[block->site];
    if (site->chosen == 0 || block->generation != site->newest)
        return;
    struct chosen *chosen = &making->chosen[site->chosen - 1];
    if (chosen->count == TENURE_RETAIN_SAMPLES)
        return;
    uint32_t number = tenure__index_find(&making->mark->index, block->address);
    if (tenure__mark_flags(making->mark, number) & TENURE__BLOCK_REACHED)
        chosen->sample[chosen->count++] = number;
}

/* ---- climbing ---------------------------------------------------------- */

/* The first block of the run of blocks of one site that this one ends. What
 * was passed is led there directly. */
static uint32_t run_start(struct tenure__retaining *making, uint32_t block)
{
    uint32_t site = site_of(making, block), start = block, up;
    while ((up = parent_of(making, start)) != TENURE__PARENT_ROOT &&
           site_of(making, up) == site)
        start = up;
    while (block != start) {
        up = parent_of(making, block);
        making->mark->index.block[block].parent = start;
        block = up;
    }
    return start;
}

static uint32_t vote_place(const struct tenure__retaining *making,
                           uint32_t block)
{
    uint32_t at = (block * 2654435761u >> 8) & (VOTES - 1);
    while (making->vote[at].block != 0 && making->vote[at].block != block + 1)
        at = (at + 1) & (VOTES - 1);
    return at;
}

static void forget_votes(struct tenure__retaining *making)
{
    for (uint32_t i = 0; i < VOTES; i++)
        making->vote[i].block = making->vote[i].count = 0;
}

/* One step up from a run: the block that holds it, or PARENT_ROOT. */
#define EACH_HOLDER(holder, making, sample)                                    \
    (uint32_t holder = parent_of(making, run_start(making, sample)),           \
     climbed_ = 0;                                                             \
     holder != TENURE__PARENT_ROOT && climbed_ < CLIMB_MAX;                    \
     holder = parent_of(making, run_start(making, holder)), climbed_++)

static void vote(struct tenure__retaining *making, const struct chosen *chosen)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < chosen->count; i++)
        for
            EACH_HOLDER(holder, making, chosen->sample[i])
            {
                uint32_t at = vote_place(making, run_start(making, holder));
                if (making->vote[at].block == 0 && ++used > VOTES / 2)
                    return;
                making->vote[at].block = run_start(making, holder) + 1;
                making->vote[at].count++;
            }
}

static uint32_t votes_of(struct tenure__retaining *making, uint32_t holder)
{
    return making->vote[vote_place(making, run_start(making, holder))].count;
}

static uint32_t top_of(struct tenure__retaining *making, uint32_t sample)
{
    uint32_t top = run_start(making, sample);
    for
        EACH_HOLDER(holder, making, sample)
    top = run_start(making, holder);
    return top;
}

/* The sample whose way leads through the container: the nearest holder with
 * nine tenths of the votes, else any holder with the most. */
static uint32_t best_sample(struct tenure__retaining *making,
                            const struct chosen *chosen)
{
    uint32_t best = chosen->sample[0], most = 0;
    for (uint32_t i = 0; i < chosen->count; i++)
        for
            EACH_HOLDER(holder, making, chosen->sample[i])
            {
                uint32_t votes = votes_of(making, holder);
                if (votes * 10 >= chosen->count * 9)
                    return chosen->sample[i];
                if (votes > most) {
                    most = votes;
                    best = chosen->sample[i];
                }
            }
    return best;
}

/* ---- records ----------------------------------------------------------- */

static uint32_t share_of(uint32_t votes, uint32_t count)
{
    return count > 0 ? (uint32_t)((uint64_t)votes * 10000 / count) : 0;
}

/* Where in a block the pointer to another stands; 0 if it is not found. */
static uint64_t offset_to(const struct tenure__retaining *making,
                          uint32_t holder, uint32_t held)
{
    const struct tenure__index *index = &making->mark->index;
    const uint64_t *word =
        (const uint64_t *)tenure__index_address(index, holder);
    uint64_t start = tenure__index_address(index, held);
    uint64_t bytes = tenure__index_bytes(index, held);
    for (uint64_t i = 0; i < tenure__index_bytes(index, holder) / 8; i++)
        if (tenure__mark_address(word[i]) - start < bytes)
            return i * 8;
    return 0;
}

/* From the sample upwards; turned round when the way is written. */
static void make_steps(struct tenure__retaining *making, struct chosen *chosen,
                       uint32_t sample)
{
    uint32_t held = run_start(making, sample), steps = 0;
    for
        EACH_HOLDER(holder, making, sample)
        {
            if (steps == TENURE_RETAIN_STEPS) {
                for (uint32_t i = 1; i < steps; i++)
                    chosen->step[i - 1] = chosen->step[i];
                steps--;
            }
            chosen->step[steps++] = (struct tenure_retainer){
                .site = chosen->site,
                .kind = TENURE_RETAINER_BLOCK,
                .module = TENURE_NONE,
                .what = site_of(making, holder),
                .share = share_of(votes_of(making, holder), chosen->count),
                .address = tenure__index_address(&making->mark->index, holder),
                .offset = offset_to(making, holder, held),
            };
            held = run_start(making, holder);
        }
    chosen->steps = steps;
    chosen->top = held;
    for (uint32_t i = 0; i < chosen->count; i++)
        chosen->top_votes += top_of(making, chosen->sample[i]) == held;
}

/* For the roots: which blocks to look for. */
static void note_tops(struct tenure__retaining *making)
{
    for (uint32_t i = 0; i < making->chosen_count; i++)
        if (making->chosen[i].count > 0)
            making->vote[vote_place(making, making->chosen[i].top)].block =
                making->chosen[i].top + 1;
}

int tenure__retain_find(struct tenure__retain *retain,
                        struct tenure__mark *mark,
                        const struct tenure__mark_source *source,
                        uint32_t generation, uint32_t sites)
{
    struct tenure__retaining *making = tenure__os_map(sizeof *making);
    *retain = (struct tenure__retain){.making = making};
    if (making == NULL)
        return -ENOMEM;
    making->site = tenure__os_map(sites * sizeof *making->site);
    if (making->site == NULL)
        return -ENOMEM;
    making->mark = mark;
    making->sites = sites;
    making->generation = generation;
    source->each(source->self, count_site, making);
    choose_sites(making);
    source->each(source->self, take_sample, making);
    for (uint32_t i = 0; i < making->chosen_count; i++) {
        struct chosen *chosen = &making->chosen[i];
        if (chosen->count == 0)
            continue;
        vote(making, chosen);
        make_steps(making, chosen, best_sample(making, chosen));
        forget_votes(making);
    }
    note_tops(making);
    return 0;
}

/* ---- roots ------------------------------------------------------------- */

static void describe_root(struct tenure_retainer *record,
                          const struct tenure__root *root, uint64_t address)
{
    record->kind = root->kind;
    record->what = root->tid;
    record->address = address;
    record->module = TENURE_NONE;
    if (root->kind != TENURE_RETAINER_GLOBAL)
        return;
    for (uint32_t i = 0; i < tenure__modules_count(); i++) {
        const struct tenure__module *module = tenure__module_at(i);
        if (module->unload_epoch == 0 && address >= module->start &&
            address < module->end) {
            record->module = i;
            record->offset = address - module->bias;
        }
    }
}

void tenure__retain_root(const struct tenure__root *root, const uint64_t *word,
                         size_t count, uint64_t address, void *with)
{
    struct tenure__retain *retain = with;
    struct tenure__retaining *making = retain->making;
    for (size_t w = 0; w < count; w++) {
        uint32_t block = tenure__index_find(&making->mark->index,
                                            tenure__mark_address(word[w]));
        if (block == TENURE__NO_BLOCK ||
            making->vote[vote_place(making, block)].block == 0)
            continue;
        for (uint32_t i = 0; i < making->chosen_count; i++) {
            struct chosen *chosen = &making->chosen[i];
            if (chosen->top != block || chosen->count == 0 || chosen->has_root)
                continue;
            chosen->has_root = true;
            describe_root(&chosen->root, root,
                          address != 0 ? address + w * 8 : 0);
        }
    }
}

static void add_record(struct tenure__retain *retain,
                       struct tenure_retainer record, uint32_t *step)
{
    record.step = (*step)++;
    retain->making->out[retain->count++] = record;
}

void tenure__retain_end(struct tenure__retain *retain)
{
    struct tenure__retaining *making = retain->making;
    retain->retainer = making->out;
    for (uint32_t i = 0; i < making->chosen_count; i++) {
        struct chosen *chosen = &making->chosen[i];
        uint32_t step = 0;
        if (chosen->count == 0)
            continue;
        if (chosen->has_root) {
            chosen->root.site = chosen->site;
            chosen->root.share = share_of(chosen->top_votes, chosen->count);
            add_record(retain, chosen->root, &step);
        }
        for (uint32_t s = chosen->steps; s-- > 0;)
            add_record(retain, chosen->step[s], &step);
    }
}
