/*
 * The call tree: nodes in an array, children in lists, long lists in a hash.
 *
 * A node is written once, then published in the list of its parent, newest
 * first. Nodes are made in the order of the stacks that need them, so those
 * of one stack lie side by side, and a stack that is new from some frame on
 * finds empty lists there. A parent with many children keeps the first few in
 * its list and the others in a hash (sites_hash.h).
 *
 * A closed node carries 1 + the index of its module beside its parent's id,
 * and so compares unequal. Only who finds no open node looks among the closed
 * ones for that of the object that is mapped at the pc now.
 */
#include "agent/sites.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "agent/modules.h"
#include "agent/os.h"
#include "agent/sites_hash.h"

#define PC_MASK ((UINT64_C(1) << 56) - 1)
#define LIST_MAX 6u        /* children in a list; further ones are hashed */
#define BYTES_PER_NODE 56u /* 24 of the node, the rest of a fresh level */

#define PIECE_NODES 16384u /* made writable at once */

#define THREAD_NAMES 1024u
#define NAME_BYTES 16u
#define BUSY UINT32_MAX

struct thread_name {
    _Atomic uint32_t id; /* 0 = empty, BUSY = being written */
    char text[NAME_BYTES];
};

static struct tenure__site_node *nodes;
static uint32_t node_limit;
static _Atomic uint32_t node_count;
static _Atomic uint32_t writable; /* nodes below this id */
static struct thread_name names[THREAD_NAMES];
static _Atomic uint32_t name_count;

_Static_assert(TENURE_NODES_MAX == 1u << TENURE_SITE_ID_BITS,
               "every id fits into a slot of the hash");

int tenure__sites_open(uint64_t budget_bytes)
{
    uint64_t limit = budget_bytes / BYTES_PER_NODE;
    if (limit > TENURE_NODES_MAX - 1)
        limit = TENURE_NODES_MAX - 1;
    nodes = tenure__os_reserve((limit + 1) * sizeof *nodes);
    if (!nodes)
        return -ENOMEM;
    node_limit = (uint32_t)limit;
    return tenure__sites_hash_open(nodes);
}

/* Nodes become writable in pieces of whole pages, by whoever is first to
 * need one. */
static bool make_writable(uint32_t id)
{
    uint32_t now = atomic_load_explicit(&writable, memory_order_acquire);
    if (tenure__likely(id < now))
        return true;
    uint32_t end = id / PIECE_NODES * PIECE_NODES + PIECE_NODES;
    if (end > node_limit + 1)
        end = node_limit + 1;
    if (tenure__os_commit(&nodes[now], (end - now) * sizeof *nodes) != 0)
        return false;
    while (now < end && !atomic_compare_exchange_weak(&writable, &now, end))
        continue;
    return true;
}

/* A fresh id with its node written, or 0 if there is no room. */
static uint32_t new_node(uint64_t key, uint32_t parent)
{
    if (atomic_load_explicit(&node_count, memory_order_relaxed) >= node_limit)
        return 0;
    uint32_t id =
        atomic_fetch_add_explicit(&node_count, 1, memory_order_relaxed) + 1;
    if (id > node_limit || !make_writable(id)) {
        atomic_fetch_sub_explicit(&node_count, 1, memory_order_relaxed);
        return 0;
    }
    atomic_store_explicit(&nodes[id].place, parent, memory_order_relaxed);
    atomic_store_explicit(&nodes[id].key, key, memory_order_release);
    return id;
}

/* The child in the list that begins with `id`, or 0; *length is how many
 * were looked at. */
static uint32_t search(uint32_t id, uint64_t key, uint32_t parent,
                       uint32_t *length)
{
    *length = 0;
    for (; id; id = nodes[id].sibling, ++*length) {
        /* A closed node has its module beside the parent: not equal. */
        if (atomic_load_explicit(&nodes[id].key, memory_order_relaxed) == key &&
            atomic_load_explicit(&nodes[id].place, memory_order_relaxed) ==
                parent)
            return id;
    }
    return 0;
}

/* A return address may stand just behind its module's last byte. */
static uint64_t looked_up(uint64_t key)
{
    return (key & PC_MASK) - (key >> 56 == TENURE__NODE_FRAME);
}

/* Opens the closed node among these that belongs to the object at its pc, and
 * returns it, or an open one, or 0. */
static uint32_t reopen(uint32_t id, uint64_t key, uint32_t parent)
{
    for (; id; id = nodes[id].sibling) {
        _Atomic uint64_t *at = &nodes[id].place;
        uint64_t place = atomic_load_explicit(at, memory_order_relaxed);
        uint32_t gone = (uint32_t)(place >> 32);
        if ((uint32_t)place != parent ||
            atomic_load_explicit(&nodes[id].key, memory_order_relaxed) != key)
            continue;
        if (gone == 0)
            return id;
        if (!tenure__module_is_back(gone - 1, looked_up(key)))
            continue;
        atomic_store_explicit(at, parent, memory_order_relaxed);
        return id;
    }
    return 0;
}

/* `first` begins the list of the parent; it is not in there. */
static uint32_t intern_hashed(uint32_t parent, uint64_t key, uint32_t first)
{
    uint32_t id = tenure__sites_hash_find(key, parent);
    if (tenure__likely(id &&
                       atomic_load_explicit(&nodes[id].place,
                                            memory_order_relaxed) == parent))
        return id;
    id = reopen(id, key, parent);
    if (!id)
        id = reopen(first, key, parent);
    if (id)
        return id;
    id = new_node(key, parent);
    return id ? tenure__sites_hash_add(key, parent, id) : 0;
}

uint32_t tenure__site_child(uint32_t parent, uint64_t pc, bool exact)
{
    uint64_t tag = exact ? TENURE__NODE_EXACT : TENURE__NODE_FRAME;
    uint64_t key = (pc & PC_MASK) | tag << 56;
    _Atomic uint32_t *list = &nodes[parent].child;
    uint32_t first = atomic_load_explicit(list, memory_order_acquire);
    uint32_t length;
    uint32_t id = search(first, key, parent, &length);
    if (tenure__likely(id))
        return id;
    if (length >= LIST_MAX)
        return intern_hashed(parent, key, first);
    id = reopen(first, key, parent);
    if (id)
        return id;
    uint32_t made = new_node(key, parent);
    if (!made)
        return 0;
    do {
        nodes[made].sibling = first;
        if (atomic_compare_exchange_strong_explicit(
                list, &first, made, memory_order_release, memory_order_acquire))
            return made;
        id = search(first, key, parent, &length);
    } while (!id && length < LIST_MAX);
    return id ? id : tenure__sites_hash_add(key, parent, made);
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
    uint32_t id = new_node(
        (uint64_t)TENURE__NODE_THREAD << 56 | (uint64_t)(name - names), 0);
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
    node->gone = (uint32_t)(place >> 32);
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
    return (tenure__sites_count() + UINT64_C(1)) * sizeof *nodes +
           tenure__sites_hash_bytes() +
           atomic_load(&name_count) * sizeof(struct thread_name);
}

void tenure__sites_retire(uint64_t start, uint64_t end, uint32_t gone)
{
    uint32_t count = tenure__sites_count();
    for (uint32_t id = 1; id <= count; id++) {
        uint64_t key =
            atomic_load_explicit(&nodes[id].key, memory_order_acquire);
        if (key >> 56 == TENURE__NODE_THREAD || looked_up(key) < start ||
            looked_up(key) >= end)
            continue;
        uint64_t place =
            atomic_load_explicit(&nodes[id].place, memory_order_relaxed);
        if (place >> 32 == 0)
            atomic_store_explicit(&nodes[id].place,
                                  place | (uint64_t)gone << 32,
                                  memory_order_relaxed);
    }
}
