/*
 * Remembers sites by the pc and sp they were captured at.
 *
 * Entries come from finished captures; they leave by being overwritten, in
 * the table by another call with the same hash, in the ring by age. A table
 * starts with a few entries, so that a thread with few allocations touches
 * few pages, and grows by use. An entry is made void before it is written and
 * valid last: a signal handler that jumps out leaves no half of one.
 */
#include "agent/unwind_keyed.h"

#include <stdatomic.h>
#include <string.h>

#include "agent/os.h"
#include "agent/unwind_arch.h"

#define FIRST_MASK 31u
#define LAP (UINT64_C(1) << 31) /* positions of 32 bits are unique in it */

_Static_assert(TENURE_KEYED_ENTRIES <= UINT16_MAX + 1u,
               "a guess names any entry");

void tenure__keyed_open(struct tenure__keyed *keyed)
{
    keyed->head = TENURE_KEYED_GROUPS + 1; /* position 0 is overwritten */
    keyed->mask = FIRST_MASK;
}

void tenure__keyed_drop(struct tenure__keyed *keyed)
{
    keyed->head += TENURE_KEYED_GROUPS;
}

/* The first of the entries where a call may be remembered. */
static struct tenure__keyed_entry *set_of(struct tenure__keyed *keyed,
                                          const struct tenure__start *start)
{
    uint64_t h = (start->pc ^ start->sp * UINT64_C(0x9e3779b97f4a7c15)) *
                 UINT64_C(0xd6e8feb86659fd93);
    return &keyed->entries[h >> 48 & keyed->mask & ~(TENURE_KEYED_WAYS - 1)];
}

static void learn(struct tenure__keyed *keyed,
                  const struct tenure__start *start, uint64_t hint,
                  const struct tenure__keyed_entry *entry)
{
    uint32_t index = (uint32_t)(entry - keyed->entries);
    *tenure__keyed_guess(keyed, start, hint) = (uint16_t)index;
    keyed->last = index;
}

uint32_t tenure__keyed_find(struct tenure__keyed *keyed,
                            const struct tenure__start *start, uint64_t hint)
{
    const struct tenure__keyed_entry *entry = set_of(keyed, start);
    const struct tenure__keyed_entry *end = entry + TENURE_KEYED_WAYS;
    for (; entry < end; entry++) {
        uint32_t site = tenure__keyed_site(keyed, entry, start);
        if (site != 0) {
            learn(keyed, start, hint, entry);
            return site;
        }
    }
    return 0;
}

/* Room for `count` groups in a row; their position. */
static uint64_t reserve(struct tenure__keyed *keyed, uint32_t count)
{
    uint64_t at = keyed->head;
    uint64_t left = TENURE_KEYED_GROUPS - at % TENURE_KEYED_GROUPS;
    if (left < count)
        at += left;
    if ((at + count) / LAP != keyed->head / LAP)
        memset(keyed->entries, 0, (keyed->mask + 1) * sizeof *keyed->entries);
    keyed->head = at + count;
    return at;
}

struct list {
    struct tenure__keyed_group *groups;
    uint64_t sp;
    uint32_t slots;
    bool fits;
};

static void list_slot(struct list *list, uint64_t slot, uint64_t value)
{
    uint64_t above = (slot - list->sp) / 8;
    if (above >> 16 || slot % 8)
        list->fits = false;
    if (!list->fits)
        return;
    struct tenure__keyed_group *group =
        &list->groups[list->slots / TENURE_KEYED_SLOTS];
    uint32_t at = list->slots++ % TENURE_KEYED_SLOTS;
    group->value[at] = value;
    group->above = (at ? group->above : 0) | above << 16 * at;
}

/* Completes the last group; returns how many there are. */
static uint32_t end_list(struct list *list)
{
    struct tenure__keyed_group *last =
        &list->groups[list->slots / TENURE_KEYED_SLOTS];
    for (uint32_t at = list->slots % TENURE_KEYED_SLOTS;
         at != 0 && at < TENURE_KEYED_SLOTS; at++) {
        last->value[at] = last->value[0];
        last->above |= (last->above & 0xffff) << 16 * at;
    }
    return (list->slots + TENURE_KEYED_SLOTS - 1) / TENURE_KEYED_SLOTS;
}

static uint32_t count_slots(const struct tenure__memo *memo)
{
    uint32_t count = 0;
    for (uint32_t i = memo->seen; i + 1 < memo->top; i++)
        count += 1u + (memo->stack[i].cfa_words != 0) +
                 (memo->stack[i].needs_fp && memo->stack[i].fp_words);
    return count;
}

static bool list_slots(struct list *list, const struct tenure__memo *memo)
{
    for (uint32_t i = memo->top - 1; i-- > memo->seen && list->fits;) {
        const struct tenure__frame *frame = &memo->stack[i];
        uint64_t sp = frame->sp;
        if (frame->cfa_words)
            list_slot(list, sp - 8 * (uint64_t)frame->cfa_words, sp);
        list_slot(list, sp - 8 * (uint64_t)frame->pc_words, frame->pc);
        if (frame->needs_fp && frame->fp_words)
            list_slot(list, sp - 8 * (uint64_t)frame->fp_words, frame->fp);
    }
    return list->fits;
}

static void grow(struct tenure__keyed *keyed)
{
    if (keyed->added++ < keyed->mask || keyed->mask == TENURE_KEYED_ENTRIES - 1)
        return;
    keyed->mask = keyed->mask * 4 + 3;
    keyed->added = 0;
}

void tenure__keyed_add(struct tenure__keyed *keyed,
                       const struct tenure__start *start, uint64_t hint,
                       const struct tenure__memo *memo, uint32_t site,
                       bool truncated)
{
    uint32_t slots = count_slots(memo);
    if (slots > TENURE_KEYED_GROUPS || start->pc >> TENURE_KEYED_PC_BITS)
        return;
    grow(keyed);
    struct tenure__keyed_entry *entry =
        set_of(keyed, start) + keyed->added % TENURE_KEYED_WAYS;
    entry->key = 0;
    uint64_t at = reserve(keyed, slots / TENURE_KEYED_SLOTS + 1);
    atomic_signal_fence(memory_order_seq_cst);
    struct list list = {.groups = &keyed->groups[at % TENURE_KEYED_GROUPS],
                        .sp = start->sp,
                        .fits = true};
    if (!list_slots(&list, memo))
        return;
    uint64_t groups = end_list(&list);
    entry->sp = start->sp;
    entry->fp = start->fp;
    bool needs_fp = memo->stack[memo->top - 1].needs_fp;
    __atomic_store_n(&entry->place,
                     at << 32 | site |
                         (truncated ? TENURE_KEYED_TRUNCATED : 0) |
                         (needs_fp ? TENURE_KEYED_NEEDS_FP : 0),
                     __ATOMIC_RELAXED);
    atomic_signal_fence(memory_order_seq_cst);
    entry->key = start->pc | groups << TENURE_KEYED_PC_BITS;
    learn(keyed, start, hint, entry);
}
