/*
 * Steps from frame to frame, by rule where there is one.
 *
 * A step reads the rule of the pc, computes where the callee's frame ends
 * (the CFA), and loads the return address and, if it was saved, the frame
 * pointer from slots below it. Rules that do not fit one word are run
 * through the CFI each time; after a signal frame, where all registers are
 * known, every step is, so that whatever the CFI needs is there. Where a step
 * lacks a register the walk can be made again with those that calls preserve.
 */
#include "agent/unwind_walk.h"

#include <stddef.h>
#include <string.h>

#include "agent/unwind_memory.h"

#define PAGE_MASK (~UINT64_C(4095)) /* the smallest page there is */
#define NEAR_BYTES 4096u            /* a CFA by fp this near is not suspected */
#define GUESS_BYTES 65536u          /* a guessed frame is no larger */
#define PC_MIN 4096u
#define HOME_TRIES_MAX 16u
#define OWN_FRAMES_MAX 16u /* between a capture and the hook's caller */

void tenure__walk_start(struct tenure__walk *walk, uint64_t sp)
{
    walk->table =
        atomic_load_explicit(&tenure__rule_table, memory_order_acquire);
    walk->held = tenure__rules_held(
        atomic_load_explicit(&tenure__rule_gate, memory_order_acquire));
    walk->proven_page = (sp - 8) & PAGE_MASK;
    walk->wary = false;
    walk->lasting = !walk->held;
    walk->whole = walk->lacking = false;
}

/* True if `address` can be read. Outside of the home stack the answer holds
 * only now, so that the walk must not be remembered. */
static bool prove(struct tenure__walk *walk, uint64_t address)
{
    uint64_t page = address & PAGE_MASK;
    if (page == walk->proven_page)
        return true;
    bool home = tenure__walk_home(walk, address);
    if (!home && walk->home_tries < HOME_TRIES_MAX) {
        uint64_t low, high;
        if (tenure__memory_home(walk->proven_page, &low, &high)) {
            walk->home_low = low;
            walk->home_high = high;
            home = tenure__walk_home(walk, address);
        } else {
            walk->home_tries++;
        }
    }
    if (!home) {
        walk->lasting = false;
        if (!tenure__memory_readable(address))
            return false;
    }
    walk->proven_page = page;
    return true;
}

static bool prove_words(struct tenure__walk *walk, uint64_t cfa,
                        uint32_t pc_words, uint32_t fp_words)
{
    return prove(walk, cfa - 8 * (uint64_t)pc_words) &&
           (fp_words == 0 || prove(walk, cfa - 8 * (uint64_t)fp_words));
}

static uint64_t load(uint64_t address)
{
    return *(const volatile uint64_t *)address;
}

/* Fills *next by its slots below `cfa`. */
static enum tenure__step arrive(const struct tenure__frame *at, uint64_t cfa,
                                uint32_t pc_words, uint32_t fp_words,
                                struct tenure__frame *next)
{
    next->pc = tenure__arch_strip(load(cfa - 8 * (uint64_t)pc_words));
    next->sp = cfa;
    next->fp = fp_words ? load(cfa - 8 * (uint64_t)fp_words) : at->fp;
    next->node = 0;
    next->pc_words = (uint16_t)pc_words;
    next->fp_words = (uint16_t)fp_words;
    next->cfa_words = 0;
    next->exact = false;
    next->uses_fp = false;
    next->needs_fp = false;
    return next->pc ? TENURE__STEP_ON : TENURE__STEP_END;
}

static enum tenure__step step_fp(struct tenure__walk *walk,
                                 struct tenure__frame *at, uint32_t rule,
                                 struct tenure__frame *next)
{
    uint64_t cfa = at->fp + tenure__rule_cfa_bytes(rule);
    uint32_t slot = tenure__rule_slot(rule);
    bool flag = tenure__rule_flag(rule);
    uint32_t pc_words = tenure__arch_pc_words(slot, flag);
    uint32_t fp_words = tenure__arch_fp_words(slot, flag);
    at->uses_fp = true;
    if (tenure__unlikely(cfa - at->sp - 1 >= NEAR_BYTES || walk->wary) &&
        (cfa <= at->sp || cfa % 8 ||
         !prove_words(walk, cfa, pc_words, fp_words)))
        return TENURE__STEP_CUT;
    return arrive(at, cfa, pc_words, fp_words, next);
}

/* A realigned frame: the CFA stands in a slot by fp, and the old fp at fp. */
static enum tenure__step step_align(struct tenure__walk *walk,
                                    struct tenure__frame *at, uint32_t rule,
                                    struct tenure__frame *next)
{
    uint64_t slot =
        at->fp + tenure__rule_cfa_bytes(rule) - 8 * TENURE_RULE_ALIGN_BIAS;
    at->uses_fp = true;
    if (at->fp < at->sp || at->fp % 8 ||
        (at->fp - at->sp >= NEAR_BYTES && !prove(walk, at->fp)) ||
        (walk->wary && !prove(walk, slot)))
        return TENURE__STEP_CUT;
    uint64_t cfa = load(slot);
    uint64_t cfa_words = (cfa - slot) / 8, fp_words = (cfa - at->fp) / 8;
    if (cfa <= slot || cfa % 8 || cfa <= at->fp || cfa_words > UINT16_MAX ||
        fp_words > UINT16_MAX ||
        (walk->wary && !prove_words(walk, cfa, 1, (uint32_t)fp_words)))
        return TENURE__STEP_CUT;
    enum tenure__step step =
        arrive(at, cfa, tenure__arch_pc_words(tenure__rule_slot(rule), false),
               (uint32_t)fp_words, next);
    next->cfa_words = (uint16_t)cfa_words;
    return step;
}

/* The kernel's trampoline has no CFI in some C libraries. */
static bool is_sigreturn(uint64_t pc)
{
    uint64_t code; /* at any address */
    if (!tenure__memory_readable(pc) || !tenure__memory_readable(pc + 7))
        return false;
    memcpy(&code, (const void *)pc, sizeof code);
    return code == TENURE_ARCH_SIGRETURN;
}

static enum tenure__step step_signal(struct tenure__walk *walk,
                                     const struct tenure__frame *at,
                                     struct tenure__frame *next)
{
    walk->whole = true;
    walk->wary = true;
    walk->lasting = false;
    for (uint32_t r = 0; r < TENURE_ARCH_REGISTERS; r++) {
        uint64_t slot = at->sp + tenure__arch_signal_offset(r);
        if (!prove(walk, slot))
            return TENURE__STEP_CUT;
        walk->registers.value[r] = load(slot);
    }
    walk->registers.known = (UINT64_C(1) << TENURE_ARCH_REGISTERS) - 1;
    *next = (struct tenure__frame){.pc = walk->registers.value[TENURE_ARCH_PC],
                                   .sp = walk->registers.value[TENURE_ARCH_SP],
                                   .fp = walk->registers.value[TENURE_ARCH_FP],
                                   .exact = true};
    return next->pc ? TENURE__STEP_ON : TENURE__STEP_END;
}

/* Code without CFI: its frame pointer, if it looks like one. */
static enum tenure__step step_guess(struct tenure__walk *walk,
                                    struct tenure__frame *at,
                                    struct tenure__frame *next)
{
    if (is_sigreturn(at->pc))
        return step_signal(walk, at, next);
    if (tenure__memory_outermost(at->sp))
        return TENURE__STEP_END; /* the loader's entry, which has no CFI */
    at->uses_fp = true;
    walk->wary = true;
    uint64_t cfa = at->fp + 16;
    if (at->fp < at->sp || at->fp - at->sp > GUESS_BYTES || at->fp % 8 ||
        !prove_words(walk, cfa, 1, 2))
        return TENURE__STEP_CUT;
    enum tenure__step step = arrive(at, cfa, 1, 2, next);
    if (walk->whole) {
        walk->registers.value[TENURE_ARCH_PC] = next->pc;
        walk->registers.value[TENURE_ARCH_SP] = next->sp;
        walk->registers.value[TENURE_ARCH_FP] = next->fp;
        walk->registers.known = UINT64_C(1) << TENURE_ARCH_PC |
                                UINT64_C(1) << TENURE_ARCH_SP |
                                UINT64_C(1) << TENURE_ARCH_FP;
    }
    return next->pc < PC_MIN && next->pc ? TENURE__STEP_CUT : step;
}

static bool read_for_cfi(void *context, uint64_t address, uint64_t *value)
{
    if (!prove(context, address) || !prove(context, address + 7))
        return false;
    *value = load(address);
    return true;
}

/* The caller's value of register `reg`. False: not to be known. */
static bool restore(struct tenure__walk *walk, uint32_t reg, uint64_t cfa,
                    uint64_t *value)
{
    const struct tenure__cfi_row *row = &walk->work.row;
    const struct tenure__registers *old = &walk->registers;
    const struct tenure__reader reader = {read_for_cfi, walk};
    uint64_t operand = (uint64_t)row->value[reg];
    switch (row->kind[reg]) {
    case TENURE__CFI_SAME:
        *value = reg == TENURE_ARCH_SP ? cfa : old->value[reg];
        return reg == TENURE_ARCH_SP || old->known >> reg & 1;
    case TENURE__CFI_AT_CFA:
        return read_for_cfi(walk, cfa + operand, value);
    case TENURE__CFI_IS_CFA:
        *value = cfa + operand;
        return true;
    case TENURE__CFI_REGISTER:
        *value = operand < TENURE_ARCH_REGISTERS ? old->value[operand] : 0;
        return operand < TENURE_ARCH_REGISTERS && old->known >> operand & 1;
    case TENURE__CFI_AT_EXPRESSION:
        return tenure__cfi_evaluate(operand, old, &cfa, &reader, value) &&
               read_for_cfi(walk, *value, value);
    case TENURE__CFI_IS_EXPRESSION:
        return tenure__cfi_evaluate(operand, old, &cfa, &reader, value);
    default:
        return false;
    }
}

static bool frame_address(struct tenure__walk *walk, uint64_t *cfa)
{
    const struct tenure__cfi_row *row = &walk->work.row;
    const struct tenure__reader reader = {read_for_cfi, walk};
    if (row->cfa_expression)
        return tenure__cfi_evaluate(row->cfa_expression, &walk->registers, NULL,
                                    &reader, cfa);
    if (row->cfa_register >= TENURE_ARCH_REGISTERS ||
        !(walk->registers.known >> row->cfa_register & 1))
        return false;
    *cfa = walk->registers.value[row->cfa_register] + (uint64_t)row->cfa_offset;
    return true;
}

/* By the row that stands in walk->work, on all registers. */
static enum tenure__step step_row(struct tenure__walk *walk,
                                  struct tenure__frame *next)
{
    struct tenure__registers caller = {.known = 0};
    uint64_t cfa;
    walk->lasting = false;
    if (!frame_address(walk, &cfa))
        return TENURE__STEP_CUT;
    for (uint32_t r = 0; r < TENURE_ARCH_REGISTERS; r++) {
        if (restore(walk, r, cfa, &caller.value[r]))
            caller.known |= UINT64_C(1) << r;
    }
    uint32_t ra = walk->entry.return_register;
    uint64_t needed = UINT64_C(1) << ra | UINT64_C(1) << TENURE_ARCH_SP;
    if ((caller.known & needed) != needed)
        return TENURE__STEP_CUT;
    uint64_t pc = tenure__arch_strip(caller.value[ra]);
    caller.value[TENURE_ARCH_PC] = pc;
    caller.known |= UINT64_C(1) << TENURE_ARCH_PC;
    *next = (struct tenure__frame){.pc = pc,
                                   .sp = caller.value[TENURE_ARCH_SP],
                                   .fp = caller.value[TENURE_ARCH_FP]};
    walk->registers = caller;
    return pc ? TENURE__STEP_ON : TENURE__STEP_END;
}

/* What the CFI says, without a rule in between. */
static enum tenure__step step_slow(struct tenure__walk *walk,
                                   struct tenure__frame *at,
                                   struct tenure__frame *next)
{
    uint64_t pc = at->pc - !at->exact;
    uint32_t rule = tenure__rule_derive(pc, false, &walk->entry, &walk->work);
    switch (tenure__rule_kind(rule)) {
    case TENURE__RULE_NONE:
        return TENURE__STEP_CUT;
    case TENURE__RULE_END:
        return TENURE__STEP_END;
    case TENURE__RULE_SIGNAL:
        return step_signal(walk, at, next);
    case TENURE__RULE_GUESS:
        return step_guess(walk, at, next);
    default:
        break;
    }
    if (!walk->whole) {
        walk->registers.value[TENURE_ARCH_PC] = at->pc;
        walk->registers.value[TENURE_ARCH_SP] = at->sp;
        walk->registers.value[TENURE_ARCH_FP] = at->fp;
        walk->registers.known = UINT64_C(1) << TENURE_ARCH_PC |
                                UINT64_C(1) << TENURE_ARCH_SP |
                                UINT64_C(1) << TENURE_ARCH_FP;
    }
    enum tenure__step step = step_row(walk, next);
    walk->lacking |= step == TENURE__STEP_CUT && !walk->whole;
    if (step == TENURE__STEP_ON && next->sp <= at->sp && !at->exact)
        return TENURE__STEP_CUT;
    return step;
}

__attribute__((noinline)) bool tenure__walk_from_here(struct tenure__walk *walk,
                                                      uint64_t pc, uint64_t sp)
{
    walk->registers.known = tenure__arch_here(walk->registers.value);
    walk->whole = true;
    walk->lasting = false;
    struct tenure__frame at = {.pc = walk->registers.value[TENURE_ARCH_PC],
                               .sp = walk->registers.value[TENURE_ARCH_SP],
                               .exact = true};
    for (uint32_t i = 0; i < OWN_FRAMES_MAX; i++) {
        struct tenure__frame next;
        if (step_slow(walk, &at, &next) != TENURE__STEP_ON)
            return false;
        at = next;
        if (at.pc == pc && at.sp == sp)
            return true;
    }
    return false;
}

enum tenure__step tenure__walk_step(struct tenure__walk *walk,
                                    struct tenure__frame *at,
                                    struct tenure__frame *next)
{
    if (tenure__unlikely(walk->whole))
        return step_slow(walk, at, next);
    uint64_t pc = at->pc - 1;
    uint32_t rule = 0;
    if (tenure__likely(!walk->held))
        rule = tenure__rule_find(walk->table, pc);
    if (tenure__unlikely(rule == 0))
        rule = tenure__rule_derive(pc, !walk->held, &walk->entry, &walk->work);
    if (tenure__likely(tenure__rule_kind(rule) == TENURE__RULE_SP)) {
        uint64_t cfa = at->sp + tenure__rule_cfa_bytes(rule);
        uint32_t slot = tenure__rule_slot(rule);
        bool flag = tenure__rule_flag(rule);
        uint32_t pc_words = tenure__arch_pc_words(slot, flag);
        uint32_t fp_words = tenure__arch_fp_words(slot, flag);
        if (tenure__unlikely(walk->wary) &&
            !prove_words(walk, cfa, pc_words, fp_words))
            return TENURE__STEP_CUT;
        return arrive(at, cfa, pc_words, fp_words, next);
    }
    switch (tenure__rule_kind(rule)) {
    case TENURE__RULE_FP:
        return step_fp(walk, at, rule, next);
    case TENURE__RULE_ALIGN:
        return step_align(walk, at, rule, next);
    case TENURE__RULE_GUESS:
        return step_guess(walk, at, next);
    case TENURE__RULE_END:
        return TENURE__STEP_END;
    case TENURE__RULE_SIGNAL:
        return step_signal(walk, at, next);
    default:
        return step_slow(walk, at, next);
    }
}
