/*
 * A site's stack as people read it: inlined calls expanded, the frames that
 * merely hand memory on (malloc wrappers, operator new, allocators) told
 * from the one that wanted it, and what follows from its names: the stable
 * id, the title and the phase of the event loop.
 */
#ifndef TENURE_REPORT_STACK_H
#define TENURE_REPORT_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/symbolize.h"

struct tenure_stack_frame {
    const struct tenure_frame *frame;
    const struct tenure_call *call; /* that it is or is inlined into */
    bool plumbing; /* hands memory on; only before the first that does not */
};

/* Zero it to make an empty one; load it again and again, then drop it. */
struct tenure_stack {
    struct tenure_stack_frame *at; /* innermost first */
    size_t count, room;
    size_t title; /* index of the frame that wanted the memory */
    const struct tenure_call *thread;
};

/* Of a call that was wanted from `symbols` and resolved. */
void tenure_stack_load(struct tenure_stack *stack,
                       const struct tenure_series *series,
                       const struct tenure_symbols *symbols, uint32_t call);
void tenure_stack_drop(struct tenure_stack *stack);

/*
 * The site's id: a hash of the function names and modules of the stack and
 * of the thread class. The same for the same code on every machine and in
 * every run, whatever its addresses and lines; two places in one function
 * that are reached by the same calls share it. Where a file has no names at
 * all, its own offsets stand in: the same for the same build.
 */
uint64_t tenure_stack_id(const struct tenure_stack *stack,
                         const struct tenure_series *series);

/* "timers", "poll", "check", "gc" ...: what the event loop was doing, by the
 * innermost frame that tells; "" if none does. */
const char *tenure_stack_phase(const struct tenure_stack *stack);

/* The module's name of a frame, "" if it is in none. */
const char *tenure_frame_module(const struct tenure_stack_frame *frame,
                                const struct tenure_series *series);

/* "zmalloc", "zmalloc+0x1c" where only a near symbol is known, "0x7f12" if
 * nothing is; returns `text`. */
const char *tenure_frame_title(const struct tenure_stack_frame *frame,
                               char *text, size_t bytes);

/* Is this a function that allocates for its caller? */
bool tenure_is_plumbing(const char *function);

/* Used in unit tests. */

/* The frame to name a stack after, from `from` on. The nearest symbol of a
 * stripped module need not be the function itself: the next caller with a name
 * of its own says more, unless that is main. */
size_t tenure_stack_named(const struct tenure_stack *stack, size_t from);

#endif
