/*
 * The facade: all that preload/ may call.
 *
 * Births, deaths and resizes are called in every allocation hook, from any
 * thread, in signal handlers and before main(): they take no lock, allocate
 * nothing and keep errno. A death is reported BEFORE the real free (another
 * thread may get the address at once), a birth AFTER the real malloc.
 */
#ifndef TENURE_AGENT_TRACK_H
#define TENURE_AGENT_TRACK_H

#include "agent/births.h"
#include "agent/deaths.h"
#include "agent/modules.h"
#include "agent/sampling.h"
#include "agent/unwind.h"

/* The hook's caller, as members of struct tenure__start; in the hook only. */
#define TENURE_START                                                           \
    (uint64_t) __builtin_return_address(0), (uint64_t)__builtin_dwarf_cfa(),   \
        *(const uint64_t *)__builtin_frame_address(0)

struct tenure__track_setup {
    char **environment;
    const char *allocator;  /* "glibc" ... */
    bool own_allocator;     /* the program brings it along */
    uint32_t granule_shift; /* blocks.h */
    struct tenure__code hooks, allocator_code;
    void (*tracking_changed)(void); /* or NULL */
};
/* What the hooks have to report; READY alone is a dormant agent. */
#define TENURE_TRACK_BIRTHS 1u
#define TENURE_TRACK_DEATHS 2u
#define TENURE_TRACK_READY 4u
#define TENURE_TRACK_SAMPLED 8u
#define TENURE_TRACK_EXACT 7u
extern __attribute__((visibility("hidden"))) uint32_t tenure__tracking;
void tenure__tracking_set(uint32_t what); /* the hooks are told */
void tenure__track_open(const struct tenure__track_setup *setup); /* once */
/* Returns the block, so that a hook may end with it. Slowly: births.h has been
 * tried. */
void *tenure__track_birth(void *block, size_t bytes, uint64_t pc, uint64_t sp,
                          uint64_t fp);
void *tenure__track_birth_slowly(void *block, size_t bytes, uint64_t pc,
                                 uint64_t sp, uint64_t fp);
void tenure__track_death(void *block);
/* For realloc: takes a block out. What was known goes to a call below. */
uint64_t tenure__track_take(void *block);
void tenure__track_freed(uint64_t known);
void tenure__track_put_back(void *block, uint64_t known); /* realloc failed */
void tenure__track_resize(uint64_t known, void *old, void *block, size_t bytes,
                          const struct tenure__start *start);

void tenure__track_map(void *at, size_t bytes,
                       const struct tenure__start *start);
void tenure__track_allocator_map(void *at, size_t bytes);
void tenure__track_unmap(void *at, size_t bytes);
void tenure__track_remap(void *old, size_t old_bytes, void *at, size_t bytes);

void tenure__track_alternate_stack(const void *memory); /* NULL: no longer */

void tenure__track_before_fork(void);
void tenure__track_after_fork(bool in_child);
void tenure__track_unload(bool begins); /* around the real dlclose */
void tenure__track_privileges_changed(bool of_one_thread);
void tenure__track_alone(bool begins); /* without our helper thread */
void tenure__track_sandboxed(bool all_threads, const void *filter); /* soon */

/* Around the execution of a program, which may be in a child that shares our
 * memory; what the first gives, NULL too, is for the other. */
struct tenure_ledger_entry;
struct tenure_ledger_entry *tenure__track_exec_begins(const char *path);
void tenure__track_exec_failed(struct tenure_ledger_entry *entry);
struct tenure_ledger_entry *tenure__track_spawn_begins(void);
void tenure__track_spawned(struct tenure_ledger_entry *entry, int pid,
                           const char *path);

void tenure__track_exit_begins(void); /* no periodic snapshots from here */
void tenure__track_exit(void);        /* writes the last snapshot, once */

#endif
