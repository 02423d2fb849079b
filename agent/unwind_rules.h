/*
 * What to do at a pc, in one word: the rule table.
 *
 * A rule is derived from call frame information once and then found again by
 * hashing the pc into a table that all threads share. An entry is one 64-bit
 * word, so it is never seen half written; the hash is a bijection, so what
 * the index leaves of it (35 bits) proves that the entry is for this pc.
 *
 *   63            29 28         17 16          4  3     2    0
 *  +----------------+-------------+-------------+------+------+
 *  | rest of hash   | slot        | cfa         | flag | kind |
 *  +----------------+-------------+-------------+------+------+
 *
 * cfa and slot count words of 8 bytes; unwind_<machine>.h says what slot and
 * flag mean. Async-signal-safe, lock-free.
 */
#ifndef TENURE_AGENT_UNWIND_RULES_H
#define TENURE_AGENT_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/cfi.h"
#include "agent/os.h"
#include "agent/unwind_arch.h"

enum tenure__rule_kind {
    TENURE__RULE_NONE,
    TENURE__RULE_SP,     /* CFA = sp + cfa */
    TENURE__RULE_FP,     /* CFA = fp + cfa */
    TENURE__RULE_ALIGN,  /* CFA = *(fp + cfa - bias), fp saved at fp */
    TENURE__RULE_GUESS,  /* no CFI: follow the frame pointer, warily */
    TENURE__RULE_END,    /* no caller */
    TENURE__RULE_SIGNAL, /* the kernel's frame: all registers are in it */
    TENURE__RULE_SLOW    /* ask the CFI each time */
};

#define TENURE_RULE_BITS 29
#define TENURE_RULE_CFA_MAX 8192u /* words */
#define TENURE_RULE_ALIGN_BIAS 4096

static inline enum tenure__rule_kind tenure__rule_kind(uint32_t rule)
{
    return (enum tenure__rule_kind)(rule & 7);
}

static inline bool tenure__rule_flag(uint32_t rule)
{
    return rule & 8;
}

static inline uint64_t tenure__rule_cfa_bytes(uint32_t rule)
{
    return (uint64_t)(rule >> 4 & 0x1fff) * 8;
}

static inline uint32_t tenure__rule_slot(uint32_t rule)
{
    return rule >> 17 & 0xfff;
}

struct tenure__rule_table {
    _Atomic uint64_t *entries;
    uint32_t shift; /* from the hash to the index */
};

#define TENURE_RULE_KEY_BITS (TENURE_ARCH_PC_BITS - TENURE_ARCH_PC_SHIFT)
#define TENURE_RULE_KEY_MASK ((UINT64_C(1) << TENURE_RULE_KEY_BITS) - 1)

/* The table in use; it is replaced once by a larger one. */
extern _Atomic(const struct tenure__rule_table *) tenure__rule_table;

/* The epoch << 32 | how many hold the rules: while anybody does, no remembered
 * rule may be used. The epoch, not 0, counts tenure__rules_forget(); what was
 * remembered under an older one is void. */
extern _Atomic uint64_t tenure__rule_gate;

static inline bool tenure__rules_held(uint64_t gate)
{
    return (uint32_t)gate != 0;
}

static inline uint32_t tenure__rules_epoch(uint64_t gate)
{
    return (uint32_t)(gate >> 32);
}

static inline uint64_t tenure__rule_hash(uint64_t pc)
{
    return (pc >> TENURE_ARCH_PC_SHIFT) * UINT64_C(0x5851f42d4c957f2d) &
           TENURE_RULE_KEY_MASK;
}

/* The remembered rule for `pc` (less one if it is a return address), or 0. */
static inline uint32_t tenure__rule_find(const struct tenure__rule_table *table,
                                         uint64_t pc)
{
    uint64_t hash = tenure__rule_hash(pc);
    uint64_t entry = atomic_load_explicit(&table->entries[hash >> table->shift],
                                          memory_order_relaxed);
    uint64_t difference = hash << TENURE_RULE_BITS ^ entry;
    if (tenure__unlikely(difference >> TENURE_RULE_BITS))
        return 0;
    return (uint32_t)entry & ((1u << TENURE_RULE_BITS) - 1);
}

/* The rule for `pc` by its CFI, 0 if that is damaged; remembered if it lasts
 * as long as the object is mapped and `remember` is set. In `entry` and
 * `work` is afterwards what the CFI says, unless the rule is GUESS. */
uint32_t tenure__rule_derive(uint64_t pc, bool remember,
                             struct tenure__cfi_entry *entry,
                             struct tenure__cfi_work *work);

int tenure__rules_open(void);
void tenure__rules_forget(void);

#endif
