/*
 * From the caller of a hook to a site: whole stacks, cheaply.
 *
 * tenure__unwind_site() is called in malloc hooks, in signal handlers, on
 * any stack: it takes no lock, allocates nothing, calls nothing of libc that
 * could, and keeps errno. One unwinder belongs to one thread; two threads
 * never share one. tenure__unwind_open() runs once, before any capture.
 */
#ifndef TENURE_AGENT_UNWIND_H
#define TENURE_AGENT_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to start: the state of the hook's caller right after the call. */
struct tenure__start {
    uint64_t pc; /* return address */
    uint64_t sp; /* stack pointer after the return */
    uint64_t fp; /* frame pointer register as the caller left it */
};

/* Counted per thread; summed by the snapshot. A capture is answered by the
 * keyed memo or it walks; what tenure__unwind_fast() answers is not counted. */
struct tenure__unwind_counts {
    uint64_t memo_hits, walks, truncated, verified, mismatched;
};

struct tenure__unwinder; /* the thread's memo, of unwinder_bytes() bytes */

/* depth_max: 1 to TENURE_DEPTH_LIMIT. verify_every: compare every Nth
 * capture with libunwind's own walk; 0 = never, libunwind is not loaded. */
int tenure__unwind_open(uint32_t depth_max, uint32_t verify_every);

/* Size of an unwinder; the caller provides zeroed memory aligned to 64. */
size_t tenure__unwinder_bytes(void);

/* `hint` is a number that tends to be the same on the same stack, such as the
 * size of the block, and may be anything.
 * The site of this stack below `thread_node` (a node of the call tree), or
 * 0 if the call tree is full. A stack of more than depth_max frames keeps
 * the innermost depth_max / 2 or more of them, up to depth_max (where it is
 * cut depends on its pcs, see unwind_memo.h); one that cannot be followed
 * ends at the frame that was reached. Both are counted as truncated. */
uint32_t tenure__unwind_site(struct tenure__unwinder *unwinder,
                             const struct tenure__start *start,
                             uint32_t thread_node, uint64_t hint);

const struct tenure__unwind_counts *
tenure__unwind_counts(const struct tenure__unwinder *unwinder);

/* Modules came or went: rules and memos of the past are not used again.
 * Async-signal-safe; cheap. */
void tenure__unwind_forget(void);

/* Between hold and release (they nest) captures use no remembered rule and
 * no memo, and remember nothing: an object is being unloaded. Release
 * forgets. Async-signal-safe. */
void tenure__unwind_hold(void);
void tenure__unwind_release(void);

#endif
