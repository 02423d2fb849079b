/*
 * Every live block, and every pointer to one, into a file (--objects).
 *
 * Nothing is gathered: entries go through a small buffer to their place in
 * the file, which later gets its other sections around them. With a mark,
 * the walker writes both streams; without one, the helper lists the blocks
 * as they are just then, and knows neither what is reached nor by whom.
 */
#ifndef TENURE_AGENT_OBJECTS_H
#define TENURE_AGENT_OBJECTS_H

#include "agent/format/objects.h"
#include "agent/mark.h"
#include "agent/roots.h"
#include "agent/roots_kernel.h"

/* Where they go. */
struct tenure__objects_target {
    int fd;        /* readable, writable and regular; -1: nobody asked */
    uint64_t from; /* a multiple of 8 */
    /* A bit for each site: those of the blocks are set. In shared memory
     * where the walker writes. */
    uint64_t *site;
    uint32_t sites; /* numbers are below; of another, 0 is written */
};

/* What was written there. */
struct tenure__objects {
    int error; /* 0 or a negative errno value; then all else is void */
    struct tenure_objects_head head;
    uint64_t edges_at, edges_bytes;
    uint64_t objects_at, objects_bytes;
};

/* In the walker: after tenure__mark_run(), while all that is here is. */
struct tenure__objects_marked {
    const struct tenure__mark *mark;
    const struct tenure__roots *roots;
    const struct tenure__stopped *stopped;
    const struct tenure__kernel_words *kernel;
    uint32_t generation; /* no block was born after it */
};
void tenure__objects_write(const struct tenure__objects_marked *marked,
                           const struct tenure__objects_target *target,
                           struct tenure__objects *objects);

/* In the helper, while threads go on: blocks born in `generation` or before.
 * may_read: their first words are looked at. */
void tenure__objects_write_live(uint32_t generation, bool may_read,
                                const struct tenure__objects_target *target,
                                struct tenure__objects *objects);

/* Internal: objects_edges.c. Counts go to the head. */
struct tenure__stream;
void tenure__edges_write(const struct tenure__objects_marked *marked,
                         struct tenure__stream *stream,
                         struct tenure_objects_head *head);

#endif
