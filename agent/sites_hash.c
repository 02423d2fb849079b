/*
 * A hash of ids that grows without ever stopping anybody.
 *
 * It has levels. A slot holds 8 bits of the hash beside the 24 of an id, so
 * that a probe rarely touches a node that is not the one sought. When a level
 * is half full the next one, four times larger, takes over, and everybody who
 * adds a node copies a few older slots along, so that no single allocation
 * pays for the move. Until that is done both levels are searched.
 *
 * One slot serves a parent and key, however many objects had their nodes for
 * it: a new node takes the slot of the closed ones and they hang behind it,
 * so that plugins that come and go never fill up the probes.
 *
 * Two threads adding the same node meet at the same empty slot and one of
 * them takes the other's id; only a race with a move can leave two ids for
 * one stack, which costs a line in a report and no more.
 */
#include "agent/sites_hash.h"

#include <errno.h>
#include <stdbool.h>

#include "agent/os.h"

#define LEVELS 8
#define FIRST_LEVEL_BITS 10u /* of slots; four times as many in the next */
#define PROBES 256u          /* slots looked at before a level counts full */
#define ID_MASK ((1u << TENURE_SITE_ID_BITS) - 1)
#define MOVED_AT_ONCE 32u

struct level {
    _Atomic(_Atomic uint32_t *) slots;
    _Atomic uint32_t moved;  /* slots of the level below claimed for moving */
    _Atomic uint32_t done;   /* and copied into this one */
    _Atomic uint32_t target; /* how many there are to move */
};

static struct tenure__site_node *nodes;
static struct level levels[LEVELS];
static _Atomic uint32_t newest;
static _Atomic uint32_t added;

static uint32_t level_slots(uint32_t level)
{
    return 1u << (FIRST_LEVEL_BITS + 2 * level);
}

static uint64_t hash_of(uint64_t key, uint32_t parent)
{
    uint64_t h = (key ^ parent * UINT64_C(0x9e3779b97f4a7c15)) *
                 UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

static uint32_t print_of(uint64_t hash)
{
    return (uint32_t)(hash >> 56) << TENURE_SITE_ID_BITS;
}

int tenure__sites_hash_open(struct tenure__site_node *all)
{
    void *slots = tenure__os_map(level_slots(0) * sizeof(uint32_t));
    if (!slots)
        return -ENOMEM;
    nodes = all;
    atomic_store(&levels[0].slots, slots);
    return 0;
}

static bool is_node(uint32_t id, uint64_t key, uint32_t parent)
{
    return atomic_load_explicit(&nodes[id].key, memory_order_relaxed) == key &&
           (uint32_t)atomic_load_explicit(&nodes[id].place,
                                          memory_order_relaxed) == parent;
}

/* The one of these nodes that is open, or 0. */
static uint32_t open_one(uint32_t id)
{
    while (id &&
           atomic_load_explicit(&nodes[id].place, memory_order_relaxed) >> 32)
        id = nodes[id].sibling;
    return id;
}

/* One walk over the slots where a node may be: the slot that holds one of
 * this parent and key, or the first empty one, or NULL. */
static _Atomic uint32_t *probe(uint32_t level, uint64_t hash, uint64_t key,
                               uint32_t parent, uint32_t *held)
{
    _Atomic uint32_t *slots =
        atomic_load_explicit(&levels[level].slots, memory_order_acquire);
    uint32_t mask = level_slots(level) - 1;
    uint32_t print = print_of(hash);
    for (uint32_t i = 0; i < PROBES; i++) {
        _Atomic uint32_t *slot = &slots[((uint32_t)hash + i) & mask];
        *held = atomic_load_explicit(slot, memory_order_acquire);
        if (*held == 0 || ((*held & ~ID_MASK) == print &&
                           is_node(*held & ID_MASK, key, parent)))
            return slot;
    }
    return NULL;
}

static bool replace(_Atomic uint32_t *slot, uint32_t held, uint32_t fresh)
{
    return atomic_compare_exchange_strong_explicit(
        slot, &held, fresh, memory_order_acq_rel, memory_order_acquire);
}

/* A node that is in the level below, unless a newer one is here. */
static void move(uint32_t level, uint64_t key, uint32_t parent, uint32_t id)
{
    uint64_t hash = hash_of(key, parent);
    uint32_t held;
    _Atomic uint32_t *slot;
    do
        slot = probe(level, hash, key, parent, &held);
    while (slot && held == 0 && !replace(slot, 0, print_of(hash) | id));
}

/* Copies a few slots of the level below into `level`. */
static void move_some(uint32_t level)
{
    struct level *to = &levels[level];
    uint32_t target = atomic_load_explicit(&to->target, memory_order_relaxed);
    if (atomic_load_explicit(&to->moved, memory_order_relaxed) >= target)
        return;
    _Atomic uint32_t *slots =
        atomic_load_explicit(&levels[level - 1].slots, memory_order_relaxed);
    uint32_t at = atomic_fetch_add_explicit(&to->moved, MOVED_AT_ONCE,
                                            memory_order_relaxed);
    if (at >= target)
        return;
    for (uint32_t i = at; i < at + MOVED_AT_ONCE; i++) {
        uint32_t id =
            atomic_load_explicit(&slots[i], memory_order_acquire) & ID_MASK;
        uint64_t key =
            atomic_load_explicit(&nodes[id].key, memory_order_relaxed);
        uint64_t place =
            atomic_load_explicit(&nodes[id].place, memory_order_relaxed);
        if (id != 0)
            move(level, key, (uint32_t)place, id);
    }
    atomic_fetch_add_explicit(&to->done, MOVED_AT_ONCE, memory_order_release);
}

static bool moving(uint32_t level)
{
    return atomic_load_explicit(&levels[level].done, memory_order_acquire) <
           atomic_load_explicit(&levels[level].target, memory_order_relaxed);
}

/* The next level takes over once this one is half full. Every step is taken
 * once, by whoever comes first, so that a thread that never comes back from
 * here holds up nobody. A level that cannot be had leaves the old one in use
 * until its probes run out. */
static uint32_t grow(uint32_t level)
{
    uint32_t count = atomic_load_explicit(&added, memory_order_relaxed);
    if (tenure__likely(count < level_slots(level) / 2) || level + 1 == LEVELS)
        return level;
    struct level *next = &levels[level + 1];
    if (!atomic_load(&next->slots)) {
        size_t bytes = level_slots(level + 1) * sizeof(uint32_t);
        void *slots = tenure__os_map(bytes);
        if (!slots)
            return level;
        _Atomic uint32_t *none = NULL;
        if (!atomic_compare_exchange_strong(&next->slots, &none, slots))
            tenure__os_unmap(slots, bytes);
    }
    atomic_store(&next->target, level_slots(level));
    atomic_compare_exchange_strong(&newest, &level, level + 1);
    return atomic_load(&newest);
}

static uint32_t find_in(uint32_t level, uint64_t hash, uint64_t key,
                        uint32_t parent)
{
    uint32_t held;
    return probe(level, hash, key, parent, &held) ? held & ID_MASK : 0;
}

uint32_t tenure__sites_hash_find(uint64_t key, uint32_t parent)
{
    uint64_t hash = hash_of(key, parent);
    uint32_t level = atomic_load_explicit(&newest, memory_order_acquire);
    uint32_t id = find_in(level, hash, key, parent);
    for (; !id && level > 0 && moving(level); level--)
        id = find_in(level - 1, hash, key, parent);
    return id;
}

uint32_t tenure__sites_hash_add(uint64_t key, uint32_t parent, uint32_t id)
{
    uint64_t hash = hash_of(key, parent);
    uint32_t level = grow(atomic_load_explicit(&newest, memory_order_acquire));
    uint32_t older = tenure__sites_hash_find(key, parent);
    uint32_t held;
    move_some(level);
    if (!older)
        atomic_fetch_add_explicit(&added, 1, memory_order_relaxed);
    for (;;) {
        _Atomic uint32_t *slot = probe(level, hash, key, parent, &held);
        if (slot && held)
            older = held & ID_MASK;
        uint32_t agreed = open_one(older);
        if (agreed)
            return agreed;
        nodes[id].sibling = older;
        if (!slot || replace(slot, held, print_of(hash) | id))
            return id;
    }
}

uint64_t tenure__sites_hash_bytes(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i <= atomic_load(&newest); i++)
        bytes += level_slots(i) * sizeof(uint32_t);
    return bytes;
}
