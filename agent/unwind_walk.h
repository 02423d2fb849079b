/*
 * One step at a time from a frame to its caller.
 *
 * A walk trusts call frame information: where it is right, every slot it
 * names lies in a live frame. Once a step had to be guessed (code without
 * CFI), the walk is wary: from there on a page is read only after the kernel
 * has said that it can be, or within the thread's own stack, whose bounds are
 * proven once and stay. Async-signal-safe; one walk belongs to one thread.
 */
#ifndef TENURE_AGENT_UNWIND_WALK_H
#define TENURE_AGENT_UNWIND_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/cfi.h"
#include "agent/unwind_rules.h"

/* A frame: the state right after its callee returns, or where a signal
 * interrupted it, and the slots below sp that say how it was reached. */
struct tenure__frame {
    uint64_t pc, sp, fp;
    uint32_t node;      /* of the call tree, 0 = not interned */
    uint16_t pc_words;  /* sp - 8 * words holds the pc */
    uint16_t fp_words;  /* and the fp; 0 = not saved by the callee */
    uint16_t cfa_words; /* and the sp itself (realigned frames); 0 = none */
    bool exact;         /* interrupted here, not calling */
    bool uses_fp;       /* the step to the caller used fp */
    bool needs_fp;      /* that step or one further out, before it is
                           restored; kept by unwind_memo.c */
};

enum tenure__step {
    TENURE__STEP_ON,  /* the caller is in *next */
    TENURE__STEP_END, /* this was the outermost frame */
    TENURE__STEP_CUT  /* there may be a caller, but it cannot be known */
};

struct tenure__walk {
    const struct tenure__rule_table *table;
    uint64_t proven_page;         /* the last page known to be readable */
    uint64_t home_low, home_high; /* readable as long as the thread lives */
    uint32_t home_tries;
    bool held;    /* use and store no rule */
    bool wary;    /* prove before reading */
    bool lasting; /* every slot read is named in its frame, and reading it
                     again needs no proof */
    bool whole;   /* all registers are followed, not only sp and fp */
    bool lacking; /* a step failed that may succeed with all registers */
    struct tenure__registers registers; /* if whole: of the current frame */
    struct tenure__cfi_entry entry;
    struct tenure__cfi_work work;
};

/* True if `address` lies in the proven part of the thread's own stack. */
static inline bool tenure__walk_home(const struct tenure__walk *walk,
                                     uint64_t address)
{
    return address >= walk->home_low && address < walk->home_high;
}

/* Makes ready for steps from `sp`. */
void tenure__walk_start(struct tenure__walk *walk, uint64_t sp);

/* Makes ready for steps from the frame at pc and sp with all registers that
 * calls preserve, by stepping out from here through the agent's own frames.
 * False: there is no such frame. */
bool tenure__walk_from_here(struct tenure__walk *walk, uint64_t pc,
                            uint64_t sp);

enum tenure__step tenure__walk_step(struct tenure__walk *walk,
                                    struct tenure__frame *at,
                                    struct tenure__frame *next);

#endif
