/*
 * From the state at a hook's call to a site of the call tree.
 *
 * In goes where the hook's caller goes on. The keyed memo answers most calls
 * by comparing slots; else the stack is walked as far as the last walk has
 * not seen it. Out comes the innermost node of the stack in the call tree,
 * and every Nth answer may be checked against libunwind.
 */
#include "agent/unwind.h"

#include <errno.h>

#include "agent/limits.h"
#include "agent/os.h"
#include "agent/unwind_fast.h"
#include "agent/unwind_verify.h"

static uint32_t depth_limit;
static uint32_t verify_period;

int tenure__unwind_open(uint32_t depth_max, uint32_t verify_every)
{
    if (depth_max < 1 || depth_max > TENURE_DEPTH_LIMIT)
        return -EINVAL;
    depth_limit = depth_max;
    verify_period = verify_every;
    int error = tenure__rules_open();
    return error || !verify_every ? error : tenure__verify_open();
}

static size_t frames_bytes(void)
{
    size_t bytes =
        tenure__memo_frames(depth_limit) * sizeof(struct tenure__frame);
    return (bytes + 63) & ~(size_t)63;
}

size_t tenure__unwinder_bytes(void)
{
    return sizeof(struct tenure__unwinder) + frames_bytes() +
           (verify_period ? tenure__verify_bytes() : 0);
}

/* Fresh memory, or what it remembers is void. */
static void renew(struct tenure__unwinder *unwinder, uint32_t epoch,
                  uint32_t thread_node)
{
    if (!unwinder->verify) {
        char *memory = (char *)(unwinder + 1);
        tenure__memo_place(&unwinder->memo, (struct tenure__frame *)memory,
                           depth_limit);
        tenure__keyed_open(&unwinder->keyed);
        unwinder->verify = (struct tenure__verify *)(memory + frames_bytes());
        unwinder->until_verify = verify_period;
    }
    tenure__keyed_drop(&unwinder->keyed);
    tenure__memo_drop(&unwinder->memo);
    unwinder->epoch = epoch;
    unwinder->fast_gate = verify_period ? 1 : (uint64_t)epoch << 32;
    unwinder->thread_node = thread_node;
}

/* Where no memo answers. */
static uint32_t walk(struct tenure__unwinder *unwinder,
                     const struct tenure__start *start, uint32_t thread_node,
                     uint64_t hint)
{
    uint32_t epoch = tenure__rules_epoch(
        atomic_load_explicit(&tenure__rule_gate, memory_order_acquire));
    if (unwinder->epoch != epoch || unwinder->thread_node != thread_node)
        renew(unwinder, epoch, thread_node);
    bool truncated;
    tenure__walk_start(&unwinder->walk, start->sp);
    uint32_t site =
        tenure__memo_capture(&unwinder->memo, &unwinder->walk, start,
                             thread_node, depth_limit, &truncated);
    unwinder->counts.truncated += truncated;
    if (site && unwinder->walk.lasting)
        tenure__keyed_add(&unwinder->keyed, start, hint, &unwinder->memo, site,
                          truncated);
    return site;
}

static void verify(struct tenure__unwinder *unwinder,
                   const struct tenure__start *start, uint32_t site)
{
    if (--unwinder->until_verify)
        return;
    unwinder->until_verify = verify_period;
    unwinder->counts.verified++;
    if (!tenure__verify(unwinder->verify, start, site,
                        tenure__memo_cut_min(depth_limit)))
        unwinder->counts.mismatched++;
}

uint32_t tenure__unwind_site(struct tenure__unwinder *unwinder,
                             const struct tenure__start *start,
                             uint32_t thread_node, uint64_t hint)
{
    uint32_t site = 0;
    if ((uint64_t)unwinder->epoch << 32 ==
            atomic_load_explicit(&tenure__rule_gate, memory_order_acquire) &&
        unwinder->thread_node == thread_node) {
        site = tenure__keyed_guessed(&unwinder->keyed, start, hint);
        if (!site)
            site = tenure__keyed_find(&unwinder->keyed, start, hint);
    }
    if (site) {
        unwinder->counts.memo_hits++;
        unwinder->counts.truncated += site / TENURE_KEYED_TRUNCATED & 1;
        site &= TENURE_KEYED_SITE;
    } else {
        unwinder->counts.walks++;
        site = walk(unwinder, start, thread_node, hint);
    }
    if (tenure__unlikely(verify_period) && site)
        verify(unwinder, start, site);
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
    atomic_fetch_add(&tenure__rule_gate, 1);
}

void tenure__unwind_release(void)
{
    tenure__rules_forget();
    atomic_fetch_sub(&tenure__rule_gate, 1);
}
