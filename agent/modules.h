/*
 * Which ELF objects are or were mapped where.
 *
 * The table is filled by tenure__modules_refresh(), which asks the loader
 * (dl_iterate_phdr) and therefore runs only outside hooks of allocation: at
 * start, in the dlclose hook, and in the helper thread before a snapshot.
 * An entry is never removed: after its object is unloaded it keeps naming
 * the pcs of old stacks, with its unload epoch. When the same object (place,
 * path and build-id) comes back it has its old entry again, so an index never
 * changes meaning; one without a build-id gets a new entry. Refreshing is
 * serialised by a lock; reading is lock-free.
 */
#ifndef TENURE_AGENT_MODULES_H
#define TENURE_AGENT_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"

struct tenure__module {
    uint64_t start, end, bias; /* there may be holes that others fill */
    /* Segments that may be written to, in whole pages; where there are more,
     * the last one has all the rest. */
    struct {
        uint64_t start, end;
    } writable[TENURE_MODULE_WRITABLE_MAX];
    uint32_t writable_count;
    uint64_t eh_frame_hdr, dynamic;    /* addresses, 0 if there is none */
    uint32_t load_epoch, unload_epoch; /* of the last time; 0: is mapped */
    uint32_t build_id_bytes;
    uint8_t build_id[32];
    bool looked_at;   /* bindings.h; with the lock held */
    const char *path; /* owned by the table, never freed */
};

/* The code of preload/, whose frames no stack begins with; set once, first. */
struct tenure__code {
    uint64_t at, bytes;
};
extern struct tenure__code tenure__hooks_code;
/* The allocator underneath, likewise. */
extern struct tenure__code tenure__allocator_code;

/* Brings the table up to date; retires call-tree nodes of what went, and
 * forgets unwind rules if anything came or went. 0, -ENOMEM (the table is
 * full: what is new stays unknown), or -ETIMEDOUT (others were at it for too
 * long: the next one sees what this one would have). */
int tenure__modules_refresh(void);
/* The same in the helper thread, which must not enter the loader. */
int tenure__modules_refresh_in_helper(void);
/* In a forked child, before any of the others. */
void tenure__modules_after_fork(void);

uint32_t tenure__modules_count(void);
const struct tenure__module *tenure__module_at(uint32_t index);
/* The index of the loaded module that has the address, TENURE_NONE if there
 * is none. */
uint32_t tenure__module_around(uint64_t address);

/* Is the object of this entry the one that is mapped at `pc` now, whether or
 * not the table knows? False in doubt. Async-signal-safe; takes about as long
 * as reading the object's notes. */
bool tenure__module_is_back(uint32_t index, uint64_t pc);

/* Bracket the real dlclose(): between the two, captures use no remembered
 * rule; after it, what went is retired. */
void tenure__modules_unload_begin(void);
void tenure__modules_unload_end(void);

#endif
