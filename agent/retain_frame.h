/*
 * Which frame of a stopped thread a word of its stack belongs to.
 *
 * In the walker, one at a time. Memory is proven to be there before it is
 * read, for a thread stops anywhere.
 */
#ifndef TENURE_AGENT_RETAIN_FRAME_H
#define TENURE_AGENT_RETAIN_FRAME_H

#include "agent/stop.h"

/* Frames of a stack that are looked at. Beyond: the frame is not known. */
#define TENURE_RETAIN_FRAMES 512u

enum tenure__stack_place {
    TENURE__STACK_UNKNOWN, /* the stack could not be followed so far */
    TENURE__STACK_FRAME,
    TENURE__STACK_BEHIND, /* behind the outermost frame */
};

/* Only where the thread was stopped by ptrace; else it is unknown. *pc is a
 * place in the function whose frame it is. What frames of the agent hold are
 * registers of the function that called it, and so that one's; the same of
 * the C library's, if a thread waits there. */
enum tenure__stack_place
tenure__stack_place(const struct tenure__stopped_thread *thread,
                    uint64_t address, uint64_t *pc);

/* Where the frames of its stack end, outside of the outermost; 0 = unknown. */
uint64_t tenure__stack_end(const struct tenure__stopped_thread *thread);

#endif
