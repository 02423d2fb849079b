/*
 * The call tree, as two words a node and a hash over them that grows.
 *
 * A node is written once, then published by storing its id in a slot of the
 * hash; readers find it by parent and pc. A slot holds 8 bits of the hash
 * beside the 24 of the id, so a probe rarely touches a node that is not the
 * one sought. When a level of the hash is three quarters full the next one,
 * four times larger, takes over, and everybody who adds a node moves a few
 * older ones along, so that no single allocation pays for the move. Until
 * that is done both levels are searched.
 *
 *   nodes[id].key    pc in the low 56 bits, tag in the high 8
 *   nodes[id].place  parent's id in the low 32 bits, unload epoch in the high
 *
 * Two threads adding the same node meet in the same empty slot and one of
 * them takes the other's id; only a race with the growth of the hash can
 * leave two ids for one stack, which costs a line in a report and no more.
 */
#include "sites.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "os.h"

#define LEVELS 8
#define FIRST_LEVEL_BITS 12u /* of slots; four times as many in the next */
#define LINE_SLOTS 16u       /* slots of one cache line */
#define PROBES 256u          /* slots looked at before a level counts full */
#define ID_BITS 24u
#define ID_MASK ((1u << ID_BITS) - 1)
#define PC_MASK ((UINT64_C(1) << 56) - 1)
#define BYTES_PER_NODE 44u /* 16 of the node, the rest of a fresh level */
#define MOVED_AT_ONCE 8u

#define THREAD_NAMES 1024u
#define NAME_BYTES 16u
#define BUSY UINT32_MAX

struct node {
    _Atomic uint64_t key;
    _Atomic uint64_t place;
};

struct level {
    _Atomic(_Atomic uint32_t *) slots;
    _Atomic uint32_t moved; /* nodes of older levels claimed for moving */
    _Atomic uint32_t done;  /* and put into this one */
    _Atomic uint32_t target; /* how many there are to move */
};

struct thread_name {
    _Atomic uint32_t id; /* 0 = empty, BUSY = being written */
    char text[NAME_BYTES];
};

static struct node *nodes;
static uint32_t node_limit;
static _Atomic uint32_t node_count;
static struct level levels[LEVELS];
static _Atomic uint32_t newest;
static struct thread_name names[THREAD_NAMES];
static _Atomic uint32_t name_count;

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

int tenure__sites_open(uint64_t budget_bytes)
{
    uint64_t limit = budget_bytes / BYTES_PER_NODE;
    if (limit > TENURE_NODES_MAX - 1)
        limit = TENURE_NODES_MAX - 1;
    nodes = tenure__os_reserve((limit + 1) * sizeof *nodes);
    void *slots = tenure__os_map(level_slots(0) * sizeof(uint32_t));
    if (!nodes || !slots)
        return -ENOMEM;
    node_limit = (uint32_t)limit;
    atomic_store(&levels[0].slots, slots);
    return 0;
}

/* Nodes become writable in pieces, by whoever is first to need one. */
#define PIECE 16384u

static _Atomic uint32_t writable;

static bool make_writable(uint32_t id)
{
    uint32_t now = atomic_load_explicit(&writable, memory_order_acquire);
    if (tenure__likely(id < now))
        return true;
    uint32_t end = id / PIECE * PIECE + PIECE;
    if (end > node_limit + 1)
        end = node_limit + 1;
    if (tenure__os_commit(&nodes[now], (end - now) * sizeof *nodes) != 0)
        return false;
    while (now < end &&
           !atomic_compare_exchange_weak(&writable, &now, end))
        continue;
    return true;
}

/* A fresh id with its node written, or 0 if there is no room. */
static uint32_t new_node(uint64_t key, uint32_t parent)
{
    if (atomic_load_explicit(&node_count, memory_order_relaxed) >= node_limit)
        return 0;
    uint32_t id = atomic_fetch_add_explicit(&node_count, 1,
                                            memory_order_relaxed) + 1;
    if (id > node_limit || !make_writable(id)) {
        atomic_fetch_sub_explicit(&node_count, 1, memory_order_relaxed);
        return 0;
    }
    atomic_store_explicit(&nodes[id].place, parent, memory_order_relaxed);
    atomic_store_explicit(&nodes[id].key, key, memory_order_release);
    return id;
}

static bool is_node(uint32_t id, uint64_t key, uint32_t parent)
{
    return atomic_load_explicit(&nodes[id].key, memory_order_relaxed) ==
               key &&
           atomic_load_explicit(&nodes[id].place, memory_order_relaxed) ==
               parent;
}

/* One walk over the slots where a node may be. With `id` not 0 the node is
 * put into the first empty slot; else an empty slot ends the search. Returns
 * the id of the node in the level, or 0. */
static uint32_t probe(uint32_t level, uint64_t hash, uint64_t key,
                      uint32_t parent, uint32_t id)
{
    _Atomic uint32_t *slots =
        atomic_load_explicit(&levels[level].slots, memory_order_acquire);
    uint32_t mask = level_slots(level) - 1;
    uint32_t print = (uint32_t)(hash >> 56) << ID_BITS;
    uint32_t at = (uint32_t)hash & mask & ~(LINE_SLOTS - 1);
    for (uint32_t i = 0; i < PROBES; i++) {
        _Atomic uint32_t *slot = &slots[(at + i) & mask];
        uint32_t held = atomic_load_explicit(slot, memory_order_acquire);
        if (held == 0) {
            if (!id)
                return 0;
            if (atomic_compare_exchange_strong_explicit(
                    slot, &held, print | id, memory_order_acq_rel,
                    memory_order_acquire))
                return id;
        }
        if ((held & ~ID_MASK) == print &&
            is_node(held & ID_MASK, key, parent))
            return held & ID_MASK;
    }
    return 0;
}

/* Moves a few nodes of older levels into `level`. */
static void move_some(uint32_t level)
{
    struct level *to = &levels[level];
    uint32_t target = atomic_load_explicit(&to->target, memory_order_relaxed);
    if (atomic_load_explicit(&to->moved, memory_order_relaxed) >= target)
        return;
    uint32_t from = atomic_fetch_add_explicit(&to->moved, MOVED_AT_ONCE,
                                              memory_order_relaxed);
    uint32_t id = from;
    for (; id < from + MOVED_AT_ONCE && id < target; id++) {
        const struct node *node = &nodes[id + 1];
        uint64_t key = atomic_load_explicit(&node->key, memory_order_acquire);
        uint64_t place =
            atomic_load_explicit(&node->place, memory_order_relaxed);
        /* A thread node and a retired one are never looked up again. */
        if (key == 0 || key >> 56 == TENURE__NODE_THREAD || place >> 32)
            continue;
        probe(level, hash_of(key, (uint32_t)place), key, (uint32_t)place,
              id + 1);
    }
    atomic_fetch_add_explicit(&to->done, id - from, memory_order_release);
}

static bool moving(uint32_t level)
{
    return atomic_load_explicit(&levels[level].done, memory_order_acquire) <
           atomic_load_explicit(&levels[level].target, memory_order_relaxed);
}

/* The next level takes over once this one is three quarters full. Every step
 * is taken once, by whoever comes first, so that a thread that never comes
 * back from here holds up nobody. A level that cannot be had leaves the old
 * one in use until its probes run out. */
static uint32_t grow(uint32_t level)
{
    uint32_t count = atomic_load_explicit(&node_count, memory_order_relaxed);
    if (tenure__likely(count < level_slots(level) / 4 * 3) ||
        level + 1 == LEVELS)
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
    uint32_t unset = 0;
    atomic_compare_exchange_strong(&next->target, &unset, count);
    atomic_compare_exchange_strong(&newest, &level, level + 1);
    return atomic_load(&newest);
}

static uint32_t intern(uint32_t parent, uint64_t key)
{
    uint64_t hash = hash_of(key, parent);
    uint32_t level = atomic_load_explicit(&newest, memory_order_acquire);
    uint32_t id = probe(level, hash, key, parent, 0);
    for (uint32_t old = level; !id && old > 0 && moving(old); old--)
        id = probe(old - 1, hash, key, parent, 0);
    if (tenure__likely(id))
        return id;
    id = new_node(key, parent);
    if (!id)
        return 0;
    level = grow(level);
    move_some(level);
    uint32_t agreed = probe(level, hash, key, parent, id);
    return agreed ? agreed : id;
}

uint32_t tenure__site_child(uint32_t parent, uint64_t pc, bool exact)
{
    uint64_t tag = exact ? TENURE__NODE_EXACT : TENURE__NODE_FRAME;
    return intern(parent, (pc & PC_MASK) | tag << 56);
}

static uint32_t name_hash(const char *text)
{
    uint32_t h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619u;
    return h;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static uint32_t add_name(struct thread_name *name, const char *text)
{
    for (uint32_t i = 0; i < NAME_BYTES; i++)
        name->text[i] = text[i];
    uint32_t id = new_node((uint64_t)TENURE__NODE_THREAD << 56 |
                           (uint64_t)(name - names), 0);
    atomic_store_explicit(&name->id, id, memory_order_release);
    return id;
}

/* The last name in the table is kept for "other". */
static uint32_t other_name(void)
{
    struct thread_name *last = &names[THREAD_NAMES - 1];
    uint32_t id = 0;
    if (atomic_compare_exchange_strong(&last->id, &id, BUSY))
        return add_name(last, "other\0\0\0\0\0\0\0\0\0\0");
    return id == BUSY ? 0 : id;
}

uint32_t tenure__site_thread(const char *name)
{
    char text[NAME_BYTES] = {0};
    for (uint32_t i = 0; i < NAME_BYTES - 1 && name[i]; i++)
        text[i] = name[i];
    uint32_t at = name_hash(text);
    for (uint32_t i = 0; i < THREAD_NAMES - 1; i++) {
        struct thread_name *entry = &names[(at + i) % (THREAD_NAMES - 1)];
        uint32_t id = atomic_load_explicit(&entry->id, memory_order_acquire);
        if (id == 0) {
            uint32_t used = atomic_load(&name_count);
            if (used >= THREAD_NAMES * 7 / 8)
                break;
            if (atomic_compare_exchange_strong(&entry->id, &id, BUSY)) {
                atomic_fetch_add(&name_count, 1);
                return add_name(entry, text);
            }
        }
        if (id != BUSY && same_name(entry->text, text))
            return id;
    }
    return other_name();
}

bool tenure__site_get(uint32_t id, struct tenure__node *node)
{
    if (id == 0 || id > tenure__sites_count())
        return false;
    uint64_t key = atomic_load_explicit(&nodes[id].key, memory_order_acquire);
    uint64_t place =
        atomic_load_explicit(&nodes[id].place, memory_order_relaxed);
    if (key == 0)
        return false;
    node->tag = (enum tenure__node_tag)(key >> 56);
    node->parent = (uint32_t)place;
    node->unload_epoch = (uint32_t)(place >> 32);
    bool thread = node->tag == TENURE__NODE_THREAD;
    node->pc = thread ? 0 : key & PC_MASK;
    node->name = thread ? names[key & PC_MASK].text : NULL;
    return true;
}

uint32_t tenure__sites_count(void)
{
    uint32_t count = atomic_load_explicit(&node_count, memory_order_acquire);
    return count < node_limit ? count : node_limit;
}

uint64_t tenure__sites_bytes(void)
{
    uint64_t bytes = (tenure__sites_count() + 1) * sizeof(struct node);
    for (uint32_t i = 0; i <= atomic_load(&newest); i++)
        bytes += level_slots(i) * sizeof(uint32_t);
    return bytes + atomic_load(&name_count) * sizeof(struct thread_name);
}

void tenure__sites_retire(uint64_t start, uint64_t end, uint32_t unload_epoch)
{
    uint32_t count = tenure__sites_count();
    for (uint32_t id = 1; id <= count; id++) {
        uint64_t key =
            atomic_load_explicit(&nodes[id].key, memory_order_acquire);
        uint64_t pc = key & PC_MASK;
        /* A return address may stand just behind its module's last byte. */
        uint64_t looked_up = pc - (key >> 56 == TENURE__NODE_FRAME);
        if (key >> 56 == TENURE__NODE_THREAD || looked_up < start ||
            looked_up >= end)
            continue;
        uint64_t place =
            atomic_load_explicit(&nodes[id].place, memory_order_relaxed);
        if (place >> 32 == 0)
            atomic_store_explicit(&nodes[id].place,
                                  place | (uint64_t)unload_epoch << 32,
                                  memory_order_relaxed);
    }
}
