/*
 * Walks out from where a thread was stopped until a frame holds the word.
 *
 * All registers are known, as after a signal, and no rule is remembered: a
 * thread may have been stopped while it wrote one.
 */
#include "agent/retain_frame.h"

#include <string.h>

#include "agent/format/format.h"
#include "agent/modules.h"
#include "agent/unwind_arch.h"
#include "agent/unwind_walk.h"

static struct tenure__walk walk; /* of the walker: there is one thread */

static bool start(const struct tenure__stopped_thread *thread,
                  struct tenure__frame *at)
{
    tenure__registers registers;
    if (thread == NULL || thread->word_count * 8 < sizeof registers)
        return false;
    memcpy(&registers, thread->word, sizeof registers);
    memset(&walk, 0, sizeof walk);
    walk.registers.known =
        tenure__registers_unwind(&registers, walk.registers.value);
    *at = (struct tenure__frame){
        .pc = walk.registers.value[TENURE_ARCH_PC],
        .sp = walk.registers.value[TENURE_ARCH_SP],
        .fp = walk.registers.value[TENURE_ARCH_FP],
        .exact = true,
    };
    tenure__walk_start(&walk, at->sp);
    walk.whole = walk.wary = walk.held = true;
    return true;
}

static bool is_ours(uint64_t pc)
{
    uint32_t module = tenure__module_around(pc);
    return module != TENURE_NONE &&
           module == tenure__module_around((uint64_t)is_ours) &&
           strstr(tenure__module_at(module)->path, "libtenure") != NULL;
}

/* The C library's, as far as it is a module of its own. */
static bool is_libc(uint64_t pc)
{
    uint32_t module = tenure__module_around(pc);
    if (module == TENURE_NONE)
        return false;
    const char *path = tenure__module_at(module)->path;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0 ||
           strncmp(name, "libpthread", 10) == 0 ||
           strncmp(name, "ld-musl", 7) == 0;
}

/* Where none but the C library's frames are outside of one that holds the
 * word, that one is it. */
enum tenure__stack_place
tenure__stack_place(const struct tenure__stopped_thread *thread,
                    uint64_t address, uint64_t *pc)
{
    struct tenure__frame at, next;
    uint64_t inner = 0; /* the innermost that holds it */
    bool is_leaf = true;
    if (!start(thread, &at) || address < thread->stack_pointer)
        return TENURE__STACK_UNKNOWN;
    for (uint32_t i = 0; i < TENURE_RETAIN_FRAMES; i++) {
        enum tenure__step step;
        next = (struct tenure__frame){0};
        step = tenure__walk_step(&walk, &at, &next);
        if (step != TENURE__STEP_ON)
            return inner != 0                 ? TENURE__STACK_FRAME
                   : step == TENURE__STEP_END ? TENURE__STACK_BEHIND
                                              : TENURE__STACK_UNKNOWN;
        if (!is_ours(at.pc)) {
            is_leaf = is_leaf && is_libc(at.pc);
            if (address < next.sp && (inner == 0 || !is_leaf))
                *pc = inner = at.pc;
            if (address < next.sp && !is_leaf)
                return TENURE__STACK_FRAME;
        }
        at = next;
    }
    return inner != 0 ? TENURE__STACK_FRAME : TENURE__STACK_UNKNOWN;
}

uint64_t tenure__stack_end(const struct tenure__stopped_thread *thread)
{
    struct tenure__frame at, next;
    if (!start(thread, &at))
        return 0;
    for (uint32_t i = 0; i < TENURE_RETAIN_FRAMES; i++) {
        enum tenure__step step;
        next = (struct tenure__frame){0};
        step = tenure__walk_step(&walk, &at, &next);
        if (step != TENURE__STEP_ON)
            return step == TENURE__STEP_END ? at.sp : 0;
        at = next;
    }
    return 0;
}
