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

uint32_t tenure__keyed_bytes(void)
{
    return TENURE_KEYED_ENTRIES * sizeof(struct tenure__keyed_entry) +
           TENURE_KEYED_WORDS * sizeof(uint64_t);
}

void tenure__keyed_place(struct tenure__keyed *keyed, void *memory)
{
    keyed->entries = memory;
    keyed->words = (uint64_t *)(keyed->entries + TENURE_KEYED_ENTRIES);
    keyed->head = TENURE_KEYED_WORDS + 1; /* position 0 is long overwritten */
    keyed->mask = FIRST_MASK;
}

void tenure__keyed_drop(struct tenure__keyed *keyed)
{
    keyed->head += TENURE_KEYED_WORDS;
}

/* Room for `count` words in a row; their position. */
static uint64_t reserve(struct tenure__keyed *keyed, uint32_t count)
{
    uint64_t at = keyed->head;
    uint64_t left = TENURE_KEYED_WORDS - at % TENURE_KEYED_WORDS;
    if (left < count)
        at += left;
    if ((at + count) / LAP != keyed->head / LAP)
        memset(keyed->entries, 0, (keyed->mask + 1) * sizeof *keyed->entries);
    keyed->head = at + count;
    return at;
}

struct list {
    uint64_t *word;
    uint64_t sp;
    uint32_t count;
    bool fits;
};

static void list_slot(struct list *list, uint64_t slot, uint64_t value)
{
    uint64_t above = (slot - list->sp) / 8;
    if (above >> 16 || value >> TENURE_KEYED_VALUE_BITS)
        list->fits = false;
    else if (list->fits)
        list->word[list->count++] = above << TENURE_KEYED_VALUE_BITS | value;
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
                       const struct tenure__start *start,
                       const struct tenure__memo *memo, uint32_t site,
                       bool truncated)
{
    uint32_t count = count_slots(memo);
    if (count > TENURE_KEYED_WORDS / 4 || start->pc >> TENURE_KEYED_VALUE_BITS)
        return;
    grow(keyed);
    struct tenure__keyed_entry *entry =
        tenure__keyed_set(keyed, start->pc, start->sp) +
        keyed->added % TENURE_KEYED_WAYS;
    entry->key = 0;
    uint64_t at = reserve(keyed, count);
    atomic_signal_fence(memory_order_seq_cst);
    struct list list = {.word = &keyed->words[at % TENURE_KEYED_WORDS],
                        .sp = start->sp,
                        .fits = true};
    if (!list_slots(&list, memo))
        return;
    entry->sp = start->sp;
    entry->fp = start->fp;
    entry->at = (uint32_t)at;
    entry->site = site;
    atomic_signal_fence(memory_order_seq_cst);
    bool needs_fp = memo->stack[memo->top - 1].needs_fp;
    entry->key = start->pc | (uint64_t)count << TENURE_KEYED_VALUE_BITS |
                 (truncated ? TENURE_KEYED_TRUNCATED : 0) |
                 (needs_fp ? TENURE_KEYED_NEEDS_FP : 0);
}
