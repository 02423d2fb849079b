/*
 * Joining call trees: every node of a snapshot becomes a call, found by hash
 * or made. Node ids keep their meaning within a run, so that an id that was
 * seen once costs one array access in all later snapshots.
 */
#include "report/calltree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/memory.h"
#include "report/text.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct tenure_call *call)
{
    uint64_t hash = mix(call->caller, call->image);
    hash = mix(hash, call->kind);
    hash = mix(hash, call->address);
    for (uint32_t i = 0; i < call->class_bytes; i++)
        hash = mix(hash, (unsigned char)call->thread[i]);
    return hash;
}

static bool same(const struct tenure_call *a, const struct tenure_call *b)
{
    return a->caller == b->caller && a->image == b->image &&
           a->kind == b->kind && a->address == b->address &&
           a->class_bytes == b->class_bytes &&
           (a->class_bytes == 0 ||
            memcmp(a->thread, b->thread, a->class_bytes) == 0);
}

/* The slot that holds `call`, or the free one where it belongs. */
static uint32_t *slot_of(const struct tenure_calltree *tree,
                         const struct tenure_call *call)
{
    size_t at = hash_of(call) & (tree->slot_count - 1);
    while (tree->slots[at] != 0 &&
           !same(&tree->calls[tree->slots[at] - 1], call))
        at = (at + 1) & (tree->slot_count - 1);
    return &tree->slots[at];
}

static void grow_slots(struct tenure_calltree *tree)
{
    free(tree->slots);
    tree->slot_count = tree->slot_count ? 4 * tree->slot_count : 4096;
    tree->slots = tenure_zeroed(tree->slot_count, sizeof *tree->slots);
    for (uint32_t i = 0; i < tree->call_count; i++)
        *slot_of(tree, &tree->calls[i]) = i + 1;
}

static uint32_t intern(struct tenure_calltree *tree,
                       const struct tenure_call *call)
{
    if (tree->slot_count < 2 * (tree->call_count + 1))
        grow_slots(tree);
    uint32_t *slot = slot_of(tree, call);
    if (*slot == 0) {
        tree->calls = tenure_grow(tree->calls, tree->call_count,
                                  &tree->call_room, sizeof *tree->calls);
        tree->calls[tree->call_count] = *call;
        *slot = (uint32_t)++tree->call_count;
    } else if (call->kind == TENURE_NODE_THREAD &&
               strcmp(tree->calls[*slot - 1].thread, call->thread) != 0) {
        tree->calls[*slot - 1].several = true;
    }
    return *slot - 1;
}

/* Bytes of a thread's name without its trailing number. */
static uint32_t class_bytes_of(const char *name)
{
    size_t bytes = strlen(name), class_bytes = bytes;
    while (class_bytes > 0 && isdigit((unsigned char)name[class_bytes - 1]))
        class_bytes--;
    return (uint32_t)(class_bytes > 0 ? class_bytes : bytes);
}

static uint32_t image_of(struct tenure_calltree *tree, const char *path,
                         const char *build_id)
{
    for (size_t i = 0; i < tree->image_count; i++)
        if (strcmp(tree->images[i].path, path) == 0 &&
            strcmp(tree->images[i].build_id, build_id) == 0)
            return (uint32_t)i;
    tree->images = tenure_grow(tree->images, tree->image_count,
                               &tree->image_room, sizeof *tree->images);
    const char *slash = strrchr(path, '/');
    tree->images[tree->image_count] =
        (struct tenure_image){path, slash ? slash + 1 : path, build_id};
    return (uint32_t)tree->image_count++;
}

static struct tenure_call call_of(const struct tenure_calltree *tree,
                                  const struct tenure_snapshot *snapshot,
                                  const struct tenure_node *node,
                                  const uint32_t *image_of_module)
{
    struct tenure_call call = {
        .kind = node->kind, .image = TENURE_NONE, .caller = TENURE_NONE};
    if (node->kind == TENURE_NODE_THREAD) {
        call.thread = tenure_snapshot_string(snapshot, (uint32_t)node->pc);
        call.class_bytes = class_bytes_of(call.thread);
        return call;
    }
    call.caller = tree->of_id[node->parent] - 1;
    call.address = node->pc;
    if (node->module != TENURE_NONE) {
        call.image = image_of_module[node->module];
        call.address -= snapshot->modules[node->module].bias;
    }
    return call;
}

static void make_room_for_ids(struct tenure_calltree *tree, uint32_t last)
{
    size_t old = tree->of_id_room;
    while (tree->of_id_room <= last)
        tree->of_id = tenure_grow(tree->of_id, tree->of_id_room,
                                  &tree->of_id_room, sizeof *tree->of_id);
    if (tree->of_id_room > old)
        memset(tree->of_id + old, 0,
               (tree->of_id_room - old) * sizeof *tree->of_id);
}

void tenure_calltree_add(struct tenure_calltree *tree,
                         const struct tenure_snapshot *snapshot)
{
    if (snapshot->nodes_count == 0)
        return;
    struct tenure_arena scratch = {0};
    uint32_t *images = tenure_arena_take(&scratch, snapshot->modules_count + 1,
                                         sizeof *images);
    for (uint64_t i = 0; i < snapshot->modules_count; i++) {
        const struct tenure_module *module = &snapshot->modules[i];
        images[i] =
            image_of(tree, tenure_snapshot_string(snapshot, module->path),
                     tenure_snapshot_string(snapshot, module->build_id));
    }
    make_room_for_ids(tree, snapshot->nodes[snapshot->nodes_count - 1].id);
    for (uint64_t i = 0; i < snapshot->nodes_count; i++) {
        const struct tenure_node *node = &snapshot->nodes[i];
        if (tree->of_id[node->id] != 0)
            continue;
        struct tenure_call call = call_of(tree, snapshot, node, images);
        tree->of_id[node->id] = intern(tree, &call) + 1;
    }
    tenure_arena_drop(&scratch);
}

void tenure_calltree_drop(struct tenure_calltree *tree)
{
    free(tree->calls);
    free(tree->images);
    free(tree->of_id);
    free(tree->slots);
    *tree = (struct tenure_calltree){0};
}

uint32_t tenure_calltree_find(const struct tenure_calltree *tree,
                              uint32_t node_id)
{
    return tree->of_id[node_id] - 1;
}

const struct tenure_call *
tenure_calltree_thread(const struct tenure_calltree *tree, uint32_t call)
{
    while (tree->calls[call].caller != TENURE_NONE)
        call = tree->calls[call].caller;
    return &tree->calls[call];
}

const char *tenure_call_thread_name(const struct tenure_call *thread,
                                    char *text, size_t bytes)
{
    if (thread->several)
        snprintf(text, bytes, "%.*s*", (int)thread->class_bytes,
                 thread->thread);
    else
        snprintf(text, bytes, "%s", thread->thread);
    return tenure_text_clean(text);
}
