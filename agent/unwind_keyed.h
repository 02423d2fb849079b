/*
 * Sites by where the call stands: the keyed memo of a thread.
 *
 * Most allocations of a program come from few places on stacks that hardly
 * change. An entry is found by the pc and sp of the hook's caller and lists
 * every slot that its walk depended on, with the value found there; if all
 * are equal now, in the order of the walk, the site is known. As with the
 * last walk (unwind_memo.h) nothing is read that a plain walk would not read.
 *
 * The lists lie in a ring that overwrites its oldest entries. One word each:
 *
 *   63                 48 47                                0
 *  +---------------------+----------------------------------+
 *  | words above sp      | value                            |
 *  +---------------------+----------------------------------+
 */
#ifndef TENURE_AGENT_UNWIND_KEYED_H
#define TENURE_AGENT_UNWIND_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/os.h"
#include "agent/unwind.h"
#include "agent/unwind_arch.h"
#include "agent/unwind_memo.h"

#define TENURE_KEYED_ENTRIES 2048u
#define TENURE_KEYED_WAYS 8u /* stacks that one pc and sp may have */
#define TENURE_KEYED_WORDS 16384u

#define TENURE_KEYED_VALUE_BITS 48
#define TENURE_KEYED_VALUE_MASK ((UINT64_C(1) << TENURE_KEYED_VALUE_BITS) - 1)
#define TENURE_KEYED_TRUNCATED (UINT64_C(1) << 62)
#define TENURE_KEYED_NEEDS_FP (UINT64_C(1) << 63)

struct tenure__keyed_entry {
    uint64_t key; /* pc, words << 48, truncated << 62, needs fp << 63 */
    uint64_t sp, fp;
    uint32_t at; /* position in the ring, as counted by `head` */
    uint32_t site;
};

struct tenure__keyed {
    struct tenure__keyed_entry *entries;
    uint64_t *words;
    uint64_t head; /* words ever written */
    uint32_t mask; /* entries in use, less one */
    uint32_t added;
};

uint32_t tenure__keyed_bytes(void);
void tenure__keyed_place(struct tenure__keyed *keyed, void *memory);

/* The first of the entries where a call may be remembered. */
static inline struct tenure__keyed_entry *
tenure__keyed_set(const struct tenure__keyed *keyed, uint64_t pc, uint64_t sp)
{
    uint64_t h =
        (pc ^ sp * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return &keyed->entries[h >> 48 & keyed->mask & ~(TENURE_KEYED_WAYS - 1)];
}

/* Every slot that the entry's walk depended on is as it was. */
static inline bool tenure__keyed_holds(const struct tenure__keyed *keyed,
                                       const struct tenure__keyed_entry *entry)
{
    const uint64_t *word = &keyed->words[entry->at % TENURE_KEYED_WORDS];
    const uint64_t *end =
        word + (entry->key >> TENURE_KEYED_VALUE_BITS & 0x3fff);
    const volatile uint64_t *stack = (const volatile uint64_t *)entry->sp;
#pragma GCC unroll 4
    for (; word < end; word++) {
        uint64_t slot = stack[*word >> TENURE_KEYED_VALUE_BITS];
        if (tenure__unlikely(tenure__arch_strip(slot) !=
                             (*word & TENURE_KEYED_VALUE_MASK)))
            return false;
    }
    return true;
}

/* The entry for this stack, or NULL if it is not known without a walk.
 * Inline, for this is what most allocations cost. */
static inline const struct tenure__keyed_entry *
tenure__keyed_find(const struct tenure__keyed *keyed,
                   const struct tenure__start *start)
{
    const struct tenure__keyed_entry *entry =
        tenure__keyed_set(keyed, start->pc, start->sp);
    const struct tenure__keyed_entry *end = entry + TENURE_KEYED_WAYS;
    for (; entry < end; entry++) {
        uint64_t other = entry->key ^ start->pc;
        if (entry->sp == start->sp &&
            other << (64 - TENURE_KEYED_VALUE_BITS) == 0 &&
            (uint32_t)keyed->head - entry->at <= TENURE_KEYED_WORDS &&
            (!(entry->key & TENURE_KEYED_NEEDS_FP) || entry->fp == start->fp) &&
            tenure__keyed_holds(keyed, entry))
            return entry;
    }
    return NULL;
}

/* Remembers what the last capture of `memo` depended on. */
void tenure__keyed_add(struct tenure__keyed *keyed,
                       const struct tenure__start *start,
                       const struct tenure__memo *memo, uint32_t site,
                       bool truncated);

void tenure__keyed_drop(struct tenure__keyed *keyed);

#endif
