/*
 * Writes modules and call-tree nodes, and tells each frame's module.
 *
 * Most pcs lie in a module that is still there: those are found by binary
 * search. A node whose module went carries that one's index.
 */
#include "agent/tree.h"

#include <errno.h>
#include <string.h>

#include "agent/heap.h"
#include "agent/modules.h"
#include "agent/sites.h"
#include "agent/text.h"

int tenure__tree_start(struct tenure__tree *tree)
{
    uint32_t limit = tenure__sites_count() + 1;
    tree->wanted = tenure__heap_new((limit / 64 + 1) * 8);
    if (tree->wanted == NULL)
        return -ENOMEM;
    tree->limit = limit;
    return 0;
}

void tenure__tree_drop(struct tenure__tree *tree)
{
    tenure__heap_free(tree->wanted);
    memset(tree, 0, sizeof *tree);
}

void tenure__tree_want(struct tenure__tree *tree, uint32_t site)
{
    struct tenure__node node;
    while (site != 0 && site < tree->limit &&
           !(tree->wanted[site / 64] >> site % 64 & 1)) {
        tree->wanted[site / 64] |= 1ull << site % 64;
        site = tenure__site_get(site, &node) ? node.parent : 0;
    }
}

void tenure__tree_want_major(struct tenure__tree *tree,
                             const struct tenure__major *major)
{
    for (uint32_t i = 0; i < major->mark_count; i++)
        tenure__tree_want(tree, major->mark[i].site);
    for (uint32_t i = 0; i < major->retainer_count; i++) {
        tenure__tree_want(tree, major->retainer[i].site);
        if (tenure_retainer_has_site(&major->retainer[i]))
            tenure__tree_want(tree, major->retainer[i].what);
    }
    for (uint32_t i = 0; i < major->type_count; i++)
        tenure__tree_want(tree, major->type[i].site);
    for (uint32_t i = 0; i < major->container_count; i++)
        if (major->container[i].kind == TENURE_RETAINER_BLOCK)
            tenure__tree_want(tree, major->container[i].what);
    for (uint32_t i = 0; i < major->retained_count; i++)
        tenure__tree_want(tree, major->retained[i].site);
}

/* The modules that are there, by address. */
struct present {
    uint32_t *index;
    uint32_t count;
    uint32_t known; /* those that are gone included */
};

static void sort_by_start(struct present *present)
{
    for (uint32_t i = 1; i < present->count; i++) {
        uint32_t moved = present->index[i], at = i;
        uint64_t start = tenure__module_at(moved)->start;
        for (;
             at > 0 && tenure__module_at(present->index[at - 1])->start > start;
             at--)
            present->index[at] = present->index[at - 1];
        present->index[at] = moved;
    }
}

static int find_present(struct present *present)
{
    uint32_t count = tenure__modules_count();
    present->count = 0;
    present->known = count;
    present->index = tenure__heap_new(count * sizeof *present->index);
    if (present->index == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        if (tenure__module_at(i)->unload_epoch == 0)
            present->index[present->count++] = i;
    sort_by_start(present);
    return 0;
}

static uint32_t module_of(const struct present *present, uint64_t pc)
{
    uint32_t low = 0, high = present->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tenure__module_at(present->index[middle])->start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return TENURE_NONE;
    uint32_t index = present->index[low - 1];
    return pc < tenure__module_at(index)->end ? index : TENURE_NONE;
}

static void write_modules(struct tenure__output *output, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct tenure__module *module = tenure__module_at(i);
        struct tenure__text id;
        char hex[2 * sizeof module->build_id + 1];
        tenure__text_start(&id, hex, sizeof hex);
        tenure__text_hex(&id, module->build_id, module->build_id_bytes);
        struct tenure_module record = {
            .start = module->start,
            .end = module->end,
            .bias = module->bias,
            .path = tenure__output_string(output, module->path),
            .build_id = tenure__output_string(output, hex),
            .load_epoch = module->load_epoch,
            .unload_epoch = module->unload_epoch};
        tenure__output_add(output, TENURE_SECTION_MODULES, &record,
                           sizeof record);
    }
}

static void write_node(struct tenure__output *output,
                       const struct present *present, uint32_t id,
                       const struct tenure__node *node)
{
    struct tenure_node record = {
        .id = id, .parent = node->parent, .module = TENURE_NONE};
    if (node->tag == TENURE__NODE_THREAD) {
        record.kind = TENURE_NODE_THREAD;
        record.pc = tenure__output_string(output, node->name);
    } else {
        bool exact = node->tag == TENURE__NODE_EXACT;
        uint64_t inside = exact ? node->pc : node->pc - 1;
        record.kind = exact ? TENURE_NODE_EXACT : TENURE_NODE_FRAME;
        record.pc = node->pc;
        record.module =
            node->gone != 0 ? node->gone - 1 : module_of(present, inside);
        /* One that came and went since the modules were written. */
        if (record.module >= present->known)
            record.module = TENURE_NONE;
    }
    tenure__output_add(output, TENURE_SECTION_NODES, &record, sizeof record);
}

uint64_t tenure__tree_write(struct tenure__tree *tree,
                            struct tenure__output *output)
{
    struct present present;
    uint64_t nodes = 0;
    if (find_present(&present) != 0) {
        output->error = -ENOMEM;
        return 0;
    }
    write_modules(output, present.known);
    for (uint32_t id = 1; id < tree->limit; id++) {
        struct tenure__node node;
        if (tree->wanted[id / 64] == 0) {
            id |= 63;
            continue;
        }
        if (!(tree->wanted[id / 64] >> id % 64 & 1) ||
            !tenure__site_get(id, &node))
            continue;
        write_node(output, &present, id, &node);
        nodes++;
    }
    tenure__heap_free(present.index);
    return nodes;
}
