/*
 * The inline part of a capture: what most allocations take.
 *
 * Only for the hot path (track.c) and for unwind.c; others call
 * tenure__unwind_site(), which answers the same.
 */
#ifndef TENURE_AGENT_UNWIND_FAST_H
#define TENURE_AGENT_UNWIND_FAST_H

#include "agent/unwind.h"
#include "agent/unwind_keyed.h"
#include "agent/unwind_memo.h"
#include "agent/unwind_rules.h"
#include "agent/unwind_walk.h"

struct tenure__verify;

/* The memo's frames and, if asked for, the memory of the verifier follow the
 * struct. */
struct tenure__unwinder {
    struct tenure__unwind_counts counts;
    uint64_t fast_gate; /* for `epoch`; 1 = every capture goes slowly */
    uint32_t thread_node;
    struct tenure__keyed keyed;
    struct tenure__verify *verify;
    uint64_t until_verify;
    uint32_t epoch; /* of the rules that the memos stand on */
    struct tenure__memo memo;
    struct tenure__walk walk;
} __attribute__((aligned(64)));

/* The site of this stack as tenure__unwind_site() will say, with the flag
 * TENURE_KEYED_TRUNCATED, if what is remembered may be used (nothing is being
 * unloaded, nothing has been since, and the thread is still called what it
 * was) and says it at once; else 0. `hint` is a number which tends to be the
 * same on the same stack, such as the size of the block. It needs no guard: a
 * signal handler may come in between and capture in turn. */
static inline uint32_t tenure__unwind_fast(struct tenure__unwinder *unwinder,
                                           const struct tenure__start *start,
                                           uint32_t thread_node, uint64_t hint)
{
    if (tenure__unlikely(unwinder->fast_gate !=
                             atomic_load_explicit(&tenure__rule_gate,
                                                  memory_order_acquire) ||
                         unwinder->thread_node != thread_node))
        return 0;
    return tenure__keyed_guessed(&unwinder->keyed, start, hint);
}

#endif
