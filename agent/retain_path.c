/*
 * The way of a block, from its root.
 *
 * In come the parents that the mark has left; out go the steps. What is made
 * by one family of sites, in one size, is one step as long as it follows one
 * another; and what comes back on the way is a loop, as cells and values of
 * a list do: each part of it is a step once, where it is first met. Where no
 * sample comes by more than twice it is no loop, and every part is a step.
 *
 * A way may be as long as a list is, and samples share most of it. So where
 * nothing new was met for long, jumps are noted, and taken by the next one.
 */
#include "agent/retaining.h"

#define SPAN 256u      /* blocks that a jump skips, the first time */
#define JUMP_AFTER 64u /* blocks without a new step */

struct climb {
    struct tenure__retaining *making;
    struct tenure__retain_step step[TENURE_RETAIN_STEPS]; /* root last */
    uint32_t steps;
    uint64_t own;          /* type of the sample */
    uint32_t quiet;        /* blocks since a step was new */
    uint32_t from, middle; /* for the next jump; + 1 */
    bool folds;            /* loops */
};

static uint64_t type_of(const struct tenure__retaining *making, uint32_t block)
{
    uint32_t site = tenure__retain_site_of(making, block);
    uint64_t family = site < making->sites ? making->site[site].family : site;
    return family << 32 ^ tenure__index_bytes(&making->mark->index, block);
}

/* ---- jumps ------------------------------------------------------------- */

static uint32_t jump_place(const struct tenure__retaining *making,
                           uint32_t block)
{
    uint32_t mask = TENURE__RETAIN_JUMPS - 1;
    uint32_t at = (block * 2654435761u >> 8) & mask;
    while (making->jump[at].from != 0 && making->jump[at].from != block + 1)
        at = (at + 1) & mask;
    return at;
}

static void put_jump(struct tenure__retaining *making, uint32_t from,
                     uint32_t to)
{
    uint32_t at = jump_place(making, from);
    if (making->jump[at].from == 0) {
        if (making->jumps >= TENURE__RETAIN_JUMPS / 2)
            return;
        making->jumps++;
    }
    making->jump[at].from = from + 1;
    making->jump[at].to = to;
}

/* The last span before the root is never skipped. */
static void note_jump(struct climb *climb, uint32_t block)
{
    if (climb->quiet % SPAN != 0)
        return;
    if (climb->from != 0)
        put_jump(climb->making, climb->from - 1, climb->middle - 1);
    climb->from = climb->middle;
    climb->middle = block + 1;
}

/* ---- steps ------------------------------------------------------------- */

/* The step of this type + 1; 0 if there is none, or only before others. */
static uint32_t step_of(const struct climb *climb, uint64_t type)
{
    uint32_t at = climb->steps;
    if (!climb->folds)
        return at > 0 && climb->step[at - 1].type == type ? at : 0;
    while (at > 0 && climb->step[at - 1].type != type)
        at--;
    return at;
}

/* The next block towards the root. */
static uint32_t go_up(const struct climb *climb, uint32_t block)
{
    const struct tenure__retaining *making = climb->making;
    if (climb->quiet >= JUMP_AFTER) {
        uint32_t at = jump_place(making, block), to = making->jump[at].to;
        uint64_t type = making->jump[at].from ? type_of(making, to) : 0;
        if (type != 0 &&
            (climb->steps == 0 ? type == climb->own : step_of(climb, type) > 0))
            return to;
    }
    return tenure__mark_parent(making->mark, block);
}

static void add_step(struct climb *climb, const struct tenure__retain_step *new)
{
    if (climb->steps == TENURE_RETAIN_STEPS) { /* the root's side is kept */
        climb->steps--;
        for (uint32_t i = 0; i < climb->steps; i++)
            climb->step[i] = climb->step[i + 1];
    }
    climb->step[climb->steps++] = *new;
    climb->quiet = climb->from = climb->middle = 0;
}

/* This step again: what lies between is part of a loop, if it is anything. */
static void come_back(struct climb *climb, uint32_t at, uint32_t block)
{
    struct tenure__retain_step moving = climb->step[at];
    uint32_t last = climb->steps - 1;
    moving.first = block;
    for (uint32_t i = at; i < last; i++)
        climb->step[i] = climb->step[i + 1];
    if (at < last)
        moving.rounds++;
    moving.now = at < last ? 1 : moving.now + 1;
    if (moving.now > moving.run)
        moving.run = moving.now;
    climb->step[last] = moving;
    climb->quiet++;
    note_jump(climb, block);
}

static void pass(struct climb *climb, uint32_t block, uint32_t onto)
{
    uint64_t type = type_of(climb->making, block);
    uint32_t at = step_of(climb, type);
    if (at > 0)
        come_back(climb, at - 1, block);
    else
        add_step(climb, &(struct tenure__retain_step){
                            .type = type,
                            .first = block,
                            .via = block,
                            .onto = onto,
                            .run = 1,
                            .now = 1,
                            .rounds = 1,
                        });
}

static void find_path(struct tenure__retaining *making, uint32_t sample,
                      bool folds, struct tenure__retain_path *path)
{
    struct climb climb = {
        .making = making, .own = type_of(making, sample), .folds = folds};
    uint32_t at = sample, up;
    bool is_own = true;
    path->held = sample;
    while ((up = go_up(&climb, at)) != TENURE__PARENT_ROOT &&
           making->climbed++ < TENURE_RETAIN_CLIMB_MAX) {
        is_own = is_own && type_of(making, up) == climb.own;
        if (is_own) {
            path->held = up;
            climb.quiet++;
            note_jump(&climb, up);
        } else {
            pass(&climb, up, at);
        }
        at = up;
    }
    path->top = at;
    path->steps = climb.steps;
    for (uint32_t i = 0; i < climb.steps; i++)
        path->step[i] = climb.step[climb.steps - 1 - i];
}

static bool repeats(const struct tenure__retain_path *path)
{
    uint32_t at = 0;
    while (at < path->steps && path->step[at].rounds < TENURE__RETAIN_REPEATS)
        at++;
    return at < path->steps;
}

static bool comes_back(const struct tenure__retain_path *path)
{
    uint32_t at = 0;
    while (at < path->steps && path->step[at].rounds == 1)
        at++;
    return at < path->steps;
}

void tenure__retain_paths(struct tenure__retaining *making,
                          const struct tenure__retain_chosen *chosen)
{
    bool is_loop = false;
    for (uint32_t i = 0; i < chosen->count; i++) {
        find_path(making, chosen->sample[i], true, &making->path[i]);
        is_loop = is_loop || repeats(&making->path[i]);
    }
    for (uint32_t i = 0; i < chosen->count && !is_loop; i++)
        if (comes_back(&making->path[i]))
            find_path(making, chosen->sample[i], false, &making->path[i]);
}
