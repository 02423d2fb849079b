/*
 * A table of mappings, searched linearly: services keep few, and mmap is a
 * system call anyway.
 */
#include "agent/mappings.h"

#include <stddef.h>

#include "agent/counters.h"
#include "agent/limits.h"
#include "agent/os.h"

enum { FREE, CHANGING, LIVE };

struct entry {
    struct tenure__mapping is;
    uint32_t state;
    uint32_t reserved;
};

static struct entry table[TENURE_MAPPINGS_MAX];
static uint32_t used; /* entries from here on were never used */

static bool claim(struct entry *entry, uint32_t from)
{
    return __atomic_compare_exchange_n(&entry->state, &from, CHANGING, 0,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void settle(struct entry *entry, uint32_t state)
{
    __atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
}

static void raise_used(uint32_t to)
{
    uint32_t now = __atomic_load_n(&used, __ATOMIC_RELAXED);
    while (now < to &&
           !__atomic_compare_exchange_n(&used, &now, to, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        continue;
}

static void add(const struct tenure__mapping *mapping)
{
    for (uint32_t i = 0; i < TENURE_MAPPINGS_MAX; i++) {
        struct entry *entry = &table[i];
        if (__atomic_load_n(&entry->state, __ATOMIC_RELAXED) != FREE ||
            !claim(entry, FREE))
            continue;
        entry->is = *mapping;
        raise_used(i + 1);
        settle(entry, LIVE);
        return;
    }
    tenure__count(TENURE_VALUE_UNTRACKED_MAPPINGS);
}

void tenure__mapping_add(uint64_t start, uint64_t bytes, uint32_t site,
                         uint32_t generation)
{
    struct tenure__mapping mapping = {start, start + bytes, site, generation};
    add(&mapping);
}

/* Takes [start, end) out of a mapping that overlaps it; a tail that is left
 * beyond a hole becomes an entry of its own. */
static void cut(struct entry *entry, uint64_t start, uint64_t end)
{
    struct tenure__mapping tail = entry->is;
    bool keep_head = entry->is.start < start;
    bool keep_tail = entry->is.end > end;
    if (keep_head)
        entry->is.end = start;
    else if (keep_tail)
        entry->is.start = end;
    settle(entry, keep_head || keep_tail ? LIVE : FREE);
    if (keep_head && keep_tail) {
        tail.start = end;
        add(&tail);
    }
}

void tenure__mapping_remove(uint64_t start, uint64_t bytes,
                            struct tenure__mapping *first)
{
    uint64_t end = start + bytes;
    uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
    if (first != NULL)
        *first = (struct tenure__mapping){0};
    for (uint32_t i = 0; i < count; i++) {
        struct entry *entry = &table[i];
        if (__atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) != LIVE ||
            entry->is.start >= end || entry->is.end <= start ||
            !claim(entry, LIVE))
            continue;
        if (entry->is.start >= end || entry->is.end <= start) {
            settle(entry, LIVE);
            continue;
        }
        if (first != NULL && first->start == 0)
            *first = entry->is;
        cut(entry, start, end);
    }
}

void tenure__mappings_each(void (*visit)(const struct tenure__mapping *mapping,
                                         void *with),
                           void *with)
{
    uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        struct entry *entry = &table[i];
        struct tenure__mapping copy = entry->is;
        if (__atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) == LIVE)
            visit(&copy, with);
    }
}
