/*
 * The call trees of several snapshots of one process, joined into one.
 *
 * A call is (caller, module, offset). Addresses are gone: a module that was
 * unloaded and came back elsewhere gives the same calls, and threads whose
 * names differ only in a trailing number (worker-1, worker-2) are one thread
 * class. Calls are indices; a caller's is smaller than its callees'.
 *
 * Names point into the snapshots, which must outlive the tree.
 */
#ifndef TENURE_REPORT_CALLTREE_H
#define TENURE_REPORT_CALLTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/snapshot.h"

/* An ELF object, whatever address it had. */
struct tenure_image {
    const char *path;
    const char *name; /* the last part of path */
    const char *build_id;
};

struct tenure_call {
    uint32_t caller;      /* TENURE_NONE: this is a thread class */
    uint32_t image;       /* TENURE_NONE: no module, `address` is absolute */
    uint32_t kind;        /* enum tenure_node_kind */
    uint32_t class_bytes; /* of a thread: its name without the number */
    uint64_t address;     /* within the image, as its ELF file counts */
    const char *thread;   /* of a thread class: the first name seen */
    bool several;         /* of a thread class: there were other names */
};

struct tenure_calltree {
    struct tenure_call *calls;
    struct tenure_image *images;
    size_t call_count, image_count;
    /* Private. */
    size_t call_room, image_room, of_id_room;
    uint32_t *of_id; /* node id -> call + 1, 0 = not seen */
    uint32_t *slots; /* hash table of call + 1 */
    size_t slot_count;
};

/* Zero a tree to make an empty one. */
void tenure_calltree_add(struct tenure_calltree *tree,
                         const struct tenure_snapshot *snapshot);
void tenure_calltree_drop(struct tenure_calltree *tree);

/* The call of a node of any snapshot that was added. */
uint32_t tenure_calltree_find(const struct tenure_calltree *tree,
                              uint32_t node_id);

/* The thread class at the outer end of a call's stack. */
const struct tenure_call *
tenure_calltree_thread(const struct tenure_calltree *tree, uint32_t call);

/* "worker-1", or "worker-*" if the class has several; returns `text`. */
const char *tenure_call_thread_name(const struct tenure_call *thread,
                                    char *text, size_t bytes);

#endif
