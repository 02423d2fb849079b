/*
 * The rule table, and how a row of call frame information becomes a rule.
 *
 * Misses come in from a walk; the CFI is read there and then, without a
 * lock, and the word is stored for everybody. Two threads that miss at once
 * store the same word. Nothing is evicted but by a pc of the same index.
 * A small table serves small programs; a large one takes over, empty, when
 * the small one has seen many pcs. Forgetting gives the pages back, so that
 * every entry reads as empty.
 */
#include "agent/unwind_rules.h"

#include <errno.h>
#include <sys/mman.h>

#define SMALL_BITS 12u
#define LARGE_BITS 16u
#define SMALL_FULL 2048u /* entries stored before the large one takes over */
#define EPOCH (UINT64_C(1) << 32)

static struct tenure__rule_table small = {.shift = TENURE_RULE_KEY_BITS -
                                                   SMALL_BITS};
static struct tenure__rule_table large = {.shift = TENURE_RULE_KEY_BITS -
                                                   LARGE_BITS};
static _Atomic uint32_t stored;

_Atomic(const struct tenure__rule_table *) tenure__rule_table;
_Atomic uint64_t tenure__rule_gate = EPOCH;

_Static_assert(TENURE_RULE_KEY_BITS - SMALL_BITS <= 64 - TENURE_RULE_BITS,
               "index and rest make up the whole hash");

static size_t table_bytes(uint32_t bits)
{
    return sizeof(uint64_t) << bits;
}

int tenure__rules_open(void)
{
    small.entries = tenure__os_map(table_bytes(SMALL_BITS));
    large.entries = tenure__os_map(table_bytes(LARGE_BITS));
    if (!small.entries || !large.entries)
        return -ENOMEM;
    atomic_store(&tenure__rule_table, &small);
    return 0;
}

static void forget_table(const struct tenure__rule_table *table, uint32_t bits)
{
    if (!table->entries ||
        tenure__syscall3(SYS_madvise, table->entries, table_bytes(bits),
                         MADV_DONTNEED) == 0)
        return;
    for (size_t i = 0; i < (size_t)1 << bits; i++) /* a sandbox says no */
        atomic_store_explicit(&table->entries[i], 0, memory_order_relaxed);
}

void tenure__rules_forget(void)
{
    forget_table(&small, SMALL_BITS);
    forget_table(&large, LARGE_BITS);
    if (tenure__rules_epoch(atomic_fetch_add(&tenure__rule_gate, EPOCH)) ==
        UINT32_MAX)
        atomic_fetch_add(&tenure__rule_gate, EPOCH);
}

static void store(uint64_t pc, uint32_t rule)
{
    const struct tenure__rule_table *table =
        atomic_load_explicit(&tenure__rule_table, memory_order_acquire);
    uint64_t hash = tenure__rule_hash(pc);
    atomic_store_explicit(&table->entries[hash >> table->shift],
                          hash << TENURE_RULE_BITS | rule,
                          memory_order_relaxed);
    if (table == &small && atomic_fetch_add_explicit(
                               &stored, 1, memory_order_relaxed) > SMALL_FULL)
        atomic_store_explicit(&tenure__rule_table, &large,
                              memory_order_release);
}

static uint32_t pack(enum tenure__rule_kind kind, bool flag, uint64_t cfa,
                     uint32_t slot)
{
    return (uint32_t)kind | (uint32_t)flag << 3 | (uint32_t)cfa << 4 |
           slot << 17;
}

/* The expression at `at` is exactly `breg(fp) offset` followed by the
 * operation `then`, or by nothing if `then` is 0. */
static bool is_fp_plus(uint64_t at, uint8_t then, int64_t *offset)
{
    struct tenure__cursor c = {at, at + 16, false};
    uint64_t bytes = tenure__cursor_uleb(&c);
    c.end = c.at + bytes;
    if (tenure__cursor_fixed(&c, 1) != 0x70 + TENURE_ARCH_FP)
        return false;
    *offset = tenure__cursor_sleb(&c);
    if (then && tenure__cursor_fixed(&c, 1) != then)
        return false;
    return !c.bad && c.at == c.end;
}

/* gcc realigns a frame by keeping the CFA in a slot of the new frame: CFA =
 * *(fp + offset), the old fp at fp, the return address by the CFA. */
static uint32_t align_rule(const struct tenure__cfi_row *row, uint32_t slot)
{
    int64_t cfa = 0, fp = 1;
    if (row->kind[TENURE_ARCH_FP] != TENURE__CFI_AT_EXPRESSION ||
        !is_fp_plus((uint64_t)row->value[TENURE_ARCH_FP], 0, &fp) || fp != 0 ||
        !is_fp_plus(row->cfa_expression, 0x06, &cfa) || cfa % 8 ||
        cfa / 8 < -TENURE_RULE_ALIGN_BIAS || cfa / 8 >= TENURE_RULE_ALIGN_BIAS)
        return TENURE__RULE_SLOW;
    return pack(TENURE__RULE_ALIGN, false,
                (uint64_t)(cfa / 8 + TENURE_RULE_ALIGN_BIAS), slot);
}

/* How many words below the CFA, or -1 if that is not where it is. */
static int64_t words_below(const struct tenure__cfi_row *row, uint32_t reg)
{
    if (row->kind[reg] != TENURE__CFI_AT_CFA || row->value[reg] >= 0 ||
        row->value[reg] % 8)
        return -1;
    return -row->value[reg] / 8;
}

static uint32_t rule_of(const struct tenure__cfi_entry *entry,
                        const struct tenure__cfi_row *row)
{
    uint32_t pc = entry->return_register;
    if (entry->signal_frame)
        return TENURE__RULE_SIGNAL;
    if (row->kind[pc] == TENURE__CFI_UNDEFINED)
        return TENURE__RULE_END;
    int64_t fp_words =
        row->kind[TENURE_ARCH_FP] == TENURE__CFI_SAME || row->cfa_expression
            ? 0
            : words_below(row, TENURE_ARCH_FP);
    uint32_t slot;
    bool flag;
    if (row->kind[TENURE_ARCH_SP] != TENURE__CFI_SAME ||
        !tenure__arch_slot(words_below(row, pc), fp_words, &slot, &flag))
        return TENURE__RULE_SLOW;
    if (row->cfa_expression)
        return align_rule(row, slot);
    if (row->cfa_offset <= 0 || row->cfa_offset % 8 ||
        row->cfa_offset / 8 >= TENURE_RULE_CFA_MAX)
        return TENURE__RULE_SLOW;
    uint64_t cfa = (uint64_t)row->cfa_offset / 8;
    if (row->cfa_register == TENURE_ARCH_SP)
        return pack(TENURE__RULE_SP, flag, cfa, slot);
    if (row->cfa_register == TENURE_ARCH_FP)
        return pack(TENURE__RULE_FP, flag, cfa, slot);
    return TENURE__RULE_SLOW;
}

uint32_t tenure__rule_derive(uint64_t pc, bool remember,
                             struct tenure__cfi_entry *entry,
                             struct tenure__cfi_work *work)
{
    int error = tenure__cfi_find(pc, entry);
    if (error == TENURE__CFI_NO_OBJECT)
        return TENURE__RULE_GUESS; /* such code may change unseen */
    uint32_t rule = TENURE__RULE_GUESS;
    if (error == TENURE__CFI_NO_ENTRY) {
        /* A return address that is the first byte of a function was not
         * pushed by a call: makecontext() ends a fiber's stack so. */
        if (tenure__cfi_find(pc + 1, entry) == 0 && entry->start == pc + 1)
            rule = TENURE__RULE_END;
    } else {
        if (error || tenure__cfi_execute(entry, pc, work))
            return TENURE__RULE_NONE;
        rule = rule_of(entry, &work->row);
    }
    if (remember && pc >> TENURE_ARCH_PC_BITS == 0)
        store(pc, rule);
    return rule;
}
