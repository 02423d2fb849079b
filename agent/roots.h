/*
 * Where a pointer counts: the memory that the mark starts from.
 *
 * Found in the walker, in its copy of the service, once the index is built:
 *
 *   global    written pages of the modules, and their .bss
 *   stack     from the stack pointer to the thread's own block; the main
 *             thread's to its end; whole where a thread runs elsewhere (a
 *             fiber, an alternate stack) or has not stopped
 *   tls       what lies around the thread pointer
 *   register  general and vector registers of the stopped threads
 *   mapping   private anonymous memory that is nobody's heap, what the
 *             service has mapped itself, shared memory without a file
 *   user      regions that the service has named
 *
 * Never a root: the agent's own memory, stack below the stack pointer,
 * stacks of threads that have ended, and the heap itself, which counts only
 * block by block. Of a nameless mapping, heap is what glibc's chunk headers
 * say; with another allocator the whole mapping if a block lies in it, but
 * for what the service has mapped.
 *
 * Memory comes from tenure__os_map. One thread.
 */
#ifndef TENURE_AGENT_ROOTS_H
#define TENURE_AGENT_ROOTS_H

#include "agent/limits.h"
#include "agent/format/format.h"
#include "agent/mark_index.h"
#include "agent/stop.h"

struct tenure__root {
    uint64_t start, end;
    uint32_t kind; /* enum tenure_retainer_kind */
    uint32_t tid;  /* of a stack */
    uint32_t site; /* that has mapped it; 0 of a named one: the allocator */
    /* Of a stack or thread-local storage, if its registers are in the order
     * of tenure__registers: it was stopped by ptrace. */
    const struct tenure__stopped_thread *thread;
    /* The allocator's own data: what looks like a pointer into a block is
     * one into its free lists. */
    bool starts_only;
    bool code;         /* may be executed: pointers anywhere in it */
    bool shared;       /* pages are not in our page table */
    bool written_only; /* of a private file mapping: pages written to */
};

struct tenure__roots {
    struct tenure__root *root;
    uint32_t count, capacity;
};

struct tenure__roots_input {
    const struct tenure__index *index;
    const struct tenure__stopped *stopped;
    bool glibc; /* is the allocator */
    /* Blocks exist that the index does not know (sampling, a late start):
     * the whole heap is a root, its free chunks included. */
    bool heap_counts;
    const struct tenure__roots *named; /* by the service: mapped, user */
};

/* 0 or a negative error; then there is nothing to drop. */
int tenure__roots_find(const struct tenure__roots_input *input,
                       struct tenure__roots *roots);

int tenure__roots_open(struct tenure__roots *roots, uint32_t capacity);
void tenure__roots_drop(struct tenure__roots *roots);
/* False: it is full. */
bool tenure__roots_add(struct tenure__roots *roots,
                       const struct tenure__root *root);

/* Reads the pages of every root that exist, in pieces: `word` is the memory
 * at `address` or a copy of it. Registers come last, with address 0. */
typedef void tenure__root_visit(const struct tenure__root *root,
                                const uint64_t *word, size_t count,
                                uint64_t address, void *with);
void tenure__roots_read(const struct tenure__roots *roots,
                        const struct tenure__stopped *stopped,
                        tenure__root_visit *visit, void *with);

#endif
