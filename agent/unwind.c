/*
 * From the state at a hook's call to a site of the call tree.
 *
 * In goes where the hook's caller goes on; the frames up to the outermost one
 * are collected, then interned from the outermost in, below the thread's
 * node, and the innermost node is the site.
 */
#include "unwind.h"

#include <errno.h>

#include "os.h"
#include "sites.h"
#include "unwind_rules.h"
#include "unwind_walk.h"

#define DEPTH_LIMIT 512u

struct tenure__unwinder {
    struct tenure__unwind_counts counts;
    struct tenure__walk walk;
    struct tenure__frame frames[];
};

static uint32_t depth_limit;

int tenure__unwind_open(uint32_t depth_max, uint32_t verify_every)
{
    (void)verify_every;
    if (depth_max < 1 || depth_max > DEPTH_LIMIT)
        return -EINVAL;
    depth_limit = depth_max;
    return tenure__rules_open();
}

size_t tenure__unwinder_bytes(void)
{
    return sizeof(struct tenure__unwinder) +
           (depth_limit + 1) * sizeof(struct tenure__frame);
}

uint32_t tenure__unwind_site(struct tenure__unwinder *unwinder,
                             const struct tenure__start *start,
                             uint32_t thread_node)
{
    struct tenure__frame *frames = unwinder->frames;
    unwinder->counts.captures++;
    tenure__walk_start(&unwinder->walk, start->sp);
    frames[0] = (struct tenure__frame){
        .pc = start->pc, .sp = start->sp, .fp = start->fp};
    uint32_t count = 1;
    enum tenure__step step;
    for (;; count++) {
        step = tenure__walk_step(&unwinder->walk, &frames[count - 1],
                                 &frames[count]);
        if (step != TENURE__STEP_ON || count == depth_limit)
            break;
    }
    if (step != TENURE__STEP_END)
        unwinder->counts.truncated++;
    uint32_t site = thread_node;
    while (count > 0 && site) {
        count--;
        site = tenure__site_child(site, frames[count].pc,
                                  frames[count].exact);
    }
    return site;
}

const struct tenure__unwind_counts *
tenure__unwind_counts(const struct tenure__unwinder *unwinder)
{
    return &unwinder->counts;
}

void tenure__unwind_forget(void)
{
    tenure__rules_forget();
}

void tenure__unwind_hold(void)
{
    atomic_fetch_add(&tenure__rule_holds, 1);
}

void tenure__unwind_release(void)
{
    tenure__rules_forget();
    atomic_fetch_sub(&tenure__rule_holds, 1);
}
