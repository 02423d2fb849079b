/*
 * One snapshot file, opened, checked and read in place.
 *
 * After tenure_snapshot_open() every table below is valid as format.h says:
 * indices and strings lie inside, arrays are sorted. Read-only from then on,
 * thread-safe; tables belong to the snapshot and live until it is closed.
 */
#ifndef TENURE_REPORT_SNAPSHOT_H
#define TENURE_REPORT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/format/format.h"
#include "report/message.h"

/* X(record type, table name, section) */
#define TENURE_SNAPSHOT_TABLES(X)                                              \
    X(value, values, VALUES)                                                   \
    X(module, modules, MODULES)                                                \
    X(node, nodes, NODES)                                                      \
    X(row, rows, ROWS)                                                         \
    X(growth, growths, GROWTH)                                                 \
    X(row, mappings, MAPPINGS)                                                 \
    X(thread, threads, THREADS)                                                \
    X(late, lates, LATE)                                                       \
    X(mark, marks, MARKS)                                                      \
    X(retainer, retainers, RETAINERS)                                          \
    X(spread, spreads, SPREAD)                                                 \
    X(type, types, TYPES)                                                      \
    X(retained, retained, RETAINED)                                            \
    X(container, containers, CONTAINERS)                                       \
    X(unseen_module, unseen_modules, UNSEEN_MODULES)                           \
    X(loss, losses, LOSSES)

struct tenure_snapshot {
    const char *path; /* as it was given; belongs to the caller */
    const struct tenure_process *process;
#define X(record, table, section)                                              \
    const struct tenure_##record *table;                                       \
    uint64_t table##_count;
    TENURE_SNAPSHOT_TABLES(X)
#undef X
    const char *strings;
    /* NULL: nobody asked for the blocks. To be read with objects.h. */
    const struct tenure_objects_head *objects;
    uint64_t objects_only_bytes; /* of OBJECTS */
    uint64_t objects_bytes;      /* and EDGES */
    void *data;
    size_t bytes;
    bool mapped; /* data came from mmap, not malloc */
};

/* Opens `path`, "-" for stdin. 0, or -1 with one line in `why` that names the
 * file, the cause and the remedy. */
int tenure_snapshot_open(struct tenure_snapshot *snapshot, const char *path,
                         struct tenure_why *why);
void tenure_snapshot_close(struct tenure_snapshot *snapshot);

/* A string of the file, by its offset. */
const char *tenure_snapshot_string(const struct tenure_snapshot *snapshot,
                                   uint32_t at);

/* The number stored under a key; 0 if it is missing. */
uint64_t tenure_snapshot_value(const struct tenure_snapshot *snapshot,
                               uint32_t key);

/* Is it the only one of a program that lived for a moment, taken at its end?
 * Then nobody is about to store a pointer any more, and what is not reached
 * once is lost. */
bool tenure_snapshot_is_only(const struct tenure_snapshot *snapshot);

/* As _value(), but LOST_BLOCKS and LOST_BYTES of an only snapshot are what
 * counts as lost in it, where the agent wants to look twice. */
uint64_t tenure_snapshot_total(const struct tenure_snapshot *snapshot,
                               uint32_t key);

/* What a mark says of the blocks of all sites. Indirect are those of lost:
 * only lost blocks point to them. Possible are not lost: but only interior
 * pointers lead to them. Unreached: in this mark, lost or not yet. */
struct tenure_leak_kinds {
    uint64_t indirect_blocks, indirect_bytes;
    uint64_t possible_blocks, possible_bytes;
    uint64_t unreached_blocks, unreached_bytes;
};
struct tenure_leak_kinds
tenure_snapshot_kinds(const struct tenure_snapshot *snapshot);

/* How many records the agent had to drop: the sum of all DROPPED values. */
uint64_t tenure_snapshot_dropped(const struct tenure_snapshot *snapshot);

/* The node with this id, or NULL. */
const struct tenure_node *
tenure_snapshot_node(const struct tenure_snapshot *snapshot, uint32_t id);

/* The executable among the modules, or NULL. */
const struct tenure_module *
tenure_snapshot_exe(const struct tenure_snapshot *snapshot);

/* Reads bytes that are already in memory (for tests and the fuzzer): `data`
 * is aligned to 8, stays the caller's and outlives the snapshot. */
int tenure_snapshot_use(struct tenure_snapshot *snapshot, const char *path,
                        const void *data, size_t bytes, struct tenure_why *why);

#endif
