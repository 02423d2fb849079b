/*
 * Walks out from where a thread was stopped until a frame holds the word.
 *
 * All registers are known, as after a signal, and no rule is remembered: a
 * thread may have been stopped while it wrote one.
 */
#include "agent/retain_frame.h"

#include <string.h>

#include "agent/unwind_arch.h"
#include "agent/unwind_walk.h"

static struct tenure__walk walk; /* of the walker: there is one thread */

enum tenure__stack_place
tenure__stack_place(const struct tenure__stopped_thread *thread,
                    uint64_t address, uint64_t *pc)
{
    tenure__registers registers;
    if (thread == NULL || thread->word_count * 8 < sizeof registers ||
        address < thread->stack_pointer)
        return TENURE__STACK_UNKNOWN;
    memcpy(&registers, thread->word, sizeof registers);
    memset(&walk, 0, sizeof walk);
    walk.registers.known =
        tenure__registers_unwind(&registers, walk.registers.value);
    struct tenure__frame at = {
        .pc = walk.registers.value[TENURE_ARCH_PC],
        .sp = walk.registers.value[TENURE_ARCH_SP],
        .fp = walk.registers.value[TENURE_ARCH_FP],
        .exact = true,
    };
    tenure__walk_start(&walk, at.sp);
    walk.whole = walk.wary = walk.held = true;
    for (uint32_t i = 0; i < TENURE_RETAIN_FRAMES; i++) {
        struct tenure__frame next = {0};
        enum tenure__step step = tenure__walk_step(&walk, &at, &next);
        if (step == TENURE__STEP_END)
            return TENURE__STACK_BEHIND;
        if (step != TENURE__STEP_ON)
            return TENURE__STACK_UNKNOWN;
        if (address < next.sp) {
            *pc = at.pc;
            return TENURE__STACK_FRAME;
        }
        at = next;
    }
    return TENURE__STACK_UNKNOWN;
}
