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
#include <stdint.h>

#include "unwind.h"
#include "unwind_memo.h"

#define TENURE_KEYED_ENTRIES 512u
#define TENURE_KEYED_WORDS 4096u

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

/* The site, or 0 if it is not known without a walk. */
uint32_t tenure__keyed_find(const struct tenure__keyed *keyed,
                            const struct tenure__start *start,
                            bool *truncated);

/* Remembers what the last capture of `memo` depended on. */
void tenure__keyed_add(struct tenure__keyed *keyed,
                       const struct tenure__start *start,
                       const struct tenure__memo *memo, uint32_t site,
                       bool truncated);

void tenure__keyed_drop(struct tenure__keyed *keyed);

#endif
