/*
 * The last walk of a thread, remembered so that the next one can stop early.
 *
 * A walk is a function of its first frame and of the slots it reads. So when
 * a new walk comes to a frame that is remembered (same pc and sp, and same fp
 * where a later step uses it), the slots from there on are compared with
 * memory, in the order in which the walk would read them: as long as they are
 * equal the walk would go on as before. Nothing is read that a plain walk
 * would not have read, so this holds on any stack, alive or reused.
 *
 *   stack[]   base ... cut ... top-1      outermost first, innermost last
 *             |        |
 *             |        the outermost frame of the last site
 *             the outermost frame remembered
 *
 * A stack deeper than the limit is cut. Where exactly depends on the pcs
 * (within the outer half), not on the depth, so that neighbours in a deep
 * recursion are cut at the same frame and share the nodes above it.
 */
#ifndef TENURE_AGENT_UNWIND_MEMO_H
#define TENURE_AGENT_UNWIND_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/unwind.h"
#include "agent/unwind_walk.h"

struct tenure__memo {
    struct tenure__frame *fresh; /* innermost first, while walking */
    struct tenure__frame *stack; /* behind it, see tenure__memo_frames() */
    uint32_t base, cut, top;
    uint32_t seen;  /* outermost frame that the last capture depended on */
    bool complete;  /* no caller of stack[base] can be known */
    bool cut_short; /* though it should have one */
};

/* How many frames of memory a memo needs for stacks up to `depth_max`. */
uint32_t tenure__memo_frames(uint32_t depth_max);
void tenure__memo_place(struct tenure__memo *memo, struct tenure__frame *memory,
                        uint32_t depth_max);

/* The site of the stack from `start`, or 0 if the call tree is full;
 * *truncated if outer frames are missing. Afterwards, if walk->lasting,
 * stack[seen ... top) is what the answer depended on. */
uint32_t tenure__memo_capture(struct tenure__memo *memo,
                              struct tenure__walk *walk,
                              const struct tenure__start *start,
                              uint32_t thread_node, uint32_t depth_max,
                              bool *truncated);

void tenure__memo_drop(struct tenure__memo *memo);

/* The least depth at which a stack may be cut. */
uint32_t tenure__memo_cut_min(uint32_t depth_max);

#endif
