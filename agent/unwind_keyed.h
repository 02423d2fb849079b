/*
 * Sites by where the call stands: the keyed memo of a thread.
 *
 * Most allocations of a program come from few places on stacks that hardly
 * change. An entry is found by the pc and sp of the hook's caller and lists
 * every slot that its walk depended on, with the value found there; if all
 * are equal now, in the order of the walk, the site is known. As with the
 * last walk (unwind_memo.h) nothing is read that a plain walk would not read.
 *
 * One pc and sp may have many stacks. Which of them it is now is guessed from
 * the one before it and from a number that the caller knows, the size of the
 * block: programs repeat themselves. Only where the guess was wrong is the
 * entry searched for.
 *
 * The lists lie in a ring that overwrites its oldest groups of four slots. If
 * a list does not fill its last group, the group's first slot does.
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
#define TENURE_KEYED_WAYS 16u /* stacks that one pc and sp may have */
#define TENURE_KEYED_GROUPS 4096u
#define TENURE_KEYED_MARGIN 512u /* groups next to be overwritten: not used */
#define TENURE_KEYED_SLOTS 4u    /* in a group */
#define TENURE_KEYED_GUESSES 4096u

#define TENURE_KEYED_PC_BITS 48
#define TENURE_KEYED_TRUNCATED (1u << 30)
#define TENURE_KEYED_NEEDS_FP (1u << 31)
#define TENURE_KEYED_SITE ((1u << 24) - 1)

struct tenure__keyed_group {
    uint64_t value[TENURE_KEYED_SLOTS];
    uint64_t above; /* words from sp to each slot, 16 bits, the first lowest */
};

struct tenure__keyed_entry {
    uint64_t key; /* pc, groups << 48 */
    uint64_t sp, fp;
    uint64_t place; /* site, truncated << 30, needs fp << 31, and << 32 the
                       position in the ring, as counted by `head` */
};

/* Fresh memory is empty once it is opened. */
struct tenure__keyed {
    uint64_t head; /* groups ever written; moves with every entry */
    uint32_t mask; /* entries in use, less one */
    uint32_t added;
    uint32_t last;                          /* the entry of the last answer */
    uint16_t guesses[TENURE_KEYED_GUESSES]; /* indices of entries */
    struct tenure__keyed_entry entries[TENURE_KEYED_ENTRIES]
        __attribute__((aligned(64)));
    struct tenure__keyed_group groups[TENURE_KEYED_GROUPS];
};

void tenure__keyed_open(struct tenure__keyed *keyed);

/* Where the guess stands for this call, if its caller knows `hint`. */
static inline uint16_t *tenure__keyed_guess(struct tenure__keyed *keyed,
                                            const struct tenure__start *start,
                                            uint64_t hint)
{
    uint64_t h =
        start->pc ^ start->sp << 16 ^ hint << 32 ^ (uint64_t)keyed->last << 44;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return &keyed->guesses[h >> 52 & (TENURE_KEYED_GUESSES - 1)];
}

/* A stack, read as it is. */
typedef uint64_t __attribute__((may_alias)) tenure__stack_word;

/* The slots that a list names are as it says. The loads are what this costs:
 * so four offsets come with one. */
static inline bool tenure__keyed_holds(const struct tenure__keyed_group *group,
                                       uint64_t groups, uint64_t sp)
{
    const tenure__stack_word *stack = (const tenure__stack_word *)sp;
    for (; groups != 0; groups--, group++) {
        uint64_t above = group->above;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < TENURE_KEYED_SLOTS; i++, above >>= 16)
            if (tenure__unlikely(tenure__arch_strip(stack[above & 0xffff]) !=
                                 group->value[i]))
                return false;
    }
    return true;
}

/* The site, with its flags, if the entry is of this stack; else 0. A signal
 * handler that comes in between may replace the entry and add lists: then
 * `head` has moved. For what it is likely to add there is a margin, lest
 * offsets of another stack be followed. */
static inline uint32_t
tenure__keyed_site(const struct tenure__keyed *keyed,
                   const struct tenure__keyed_entry *entry,
                   const struct tenure__start *start)
{
    uint64_t head = __atomic_load_n(&keyed->head, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint64_t place = entry->place;
    uint32_t at = (uint32_t)(place >> 32);
    uint64_t key = entry->key;
    if (tenure__unlikely(entry->sp != start->sp ||
                         (key ^ start->pc) << (64 - TENURE_KEYED_PC_BITS) ||
                         (uint32_t)head - at >
                             TENURE_KEYED_GROUPS - TENURE_KEYED_MARGIN))
        return 0;
    if (place & TENURE_KEYED_NEEDS_FP && entry->fp != start->fp)
        return 0;
    if (!tenure__keyed_holds(&keyed->groups[at % TENURE_KEYED_GROUPS],
                             key >> TENURE_KEYED_PC_BITS, start->sp))
        return 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (tenure__unlikely(head !=
                         __atomic_load_n(&keyed->head, __ATOMIC_RELAXED)))
        return 0;
    return (uint32_t)place;
}

/* The site of this stack, with flags, if the guess is right; else 0. Inline,
 * for this is what most allocations cost. A signal handler may come in
 * between and do the same. */
static inline uint32_t tenure__keyed_guessed(struct tenure__keyed *keyed,
                                             const struct tenure__start *start,
                                             uint64_t hint)
{
    uint32_t guess = *tenure__keyed_guess(keyed, start, hint);
    uint32_t site = tenure__keyed_site(keyed, &keyed->entries[guess], start);
    if (tenure__likely(site != 0))
        keyed->last = guess;
    return site;
}

/* The same, or 0 if it is not known without a walk; mends the guess. */
uint32_t tenure__keyed_find(struct tenure__keyed *keyed,
                            const struct tenure__start *start, uint64_t hint);

/* Remembers what the last capture of `memo` depended on. */
void tenure__keyed_add(struct tenure__keyed *keyed,
                       const struct tenure__start *start, uint64_t hint,
                       const struct tenure__memo *memo, uint32_t site,
                       bool truncated);

void tenure__keyed_drop(struct tenure__keyed *keyed);

#endif
