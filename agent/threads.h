/*
 * What the agent keeps for each thread of the service: its counters, its
 * unwinder, its node in the call tree, its countdown to the next sample.
 *
 * A record belongs to one thread at a time and only that thread writes it;
 * the snapshot reads the counters of all. It is taken at the thread's first
 * allocation and given back by a pthread key's destructor; records are
 * reused, never unmapped, and their counters only grow. Taking one makes a
 * system call or two, takes no lock and allocates nothing from any heap;
 * async-signal-safe.
 */
#ifndef TENURE_AGENT_THREADS_H
#define TENURE_AGENT_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/os.h"
#include "agent/unwind.h"

struct tenure__thread_counts {
    uint64_t allocated_blocks, allocated_bytes;
    uint64_t freed_blocks, freed_bytes;
    uint64_t slow_births; /* of allocated_blocks; the others were captured by
                             the keyed memo, which does not count them */
    uint64_t nested, missed_frees, untracked_frees;
};

struct tenure__thread {
    struct tenure__thread_counts counts;
    uint64_t bytes_limit;    /* of allocated_bytes: beyond, the slow path is
                                wanted (exact mode) */
    int64_t bytes_left;      /* until then (sampled mode) */
    int64_t distance;        /* what bytes_left started from */
    uint64_t random;         /* state of the sampling generator */
    uint64_t reported_bytes; /* of allocated_bytes, to the byte trigger */
    uint64_t records_made;   /* for their ids, by all the threads it had */
    uint64_t blocks_before;  /* allocated by the record's earlier threads */
    uint64_t bytes_before;
    struct tenure__unwind_counts unwound; /* by earlier threads */
    uint32_t node;                        /* thread class in the call tree */
    uint32_t index;
    uint32_t next_free; /* index + 1 in the free list */
    uint32_t stale;     /* the unwinder holds another thread's memo */
    uint32_t spare;     /* index of a record (records.h), or 0 */
    int32_t tid;        /* 0 = free */
    char name[16];
};

/* The thread's unwinder stands on the pages behind its record. */
#define TENURE_THREAD_BYTES 4096

static inline struct tenure__unwinder *
tenure__thread_unwinder(const struct tenure__thread *thread)
{
    return (struct tenure__unwinder *)((uint64_t)thread + TENURE_THREAD_BYTES);
}

/* All that the agent keeps in thread-local storage. */
struct tenure__local {
    struct tenure__thread *thread;
    uint64_t busy_sp; /* of the hook that set `busy` */
    union {
        struct {
            uint32_t busy;     /* inside the agent: allocations pass through */
            uint32_t ignoring; /* tenure_ignore_begin(): births are no loss */
        };
        uint64_t unordinary; /* either */
    };
    /* Where the frames of the service end while this thread waits for a
     * snapshot; 0 = it does not. */
    uint64_t waiting_sp;
    const void *alternate_stack; /* for signals: the kernel's, a root */
};
extern TENURE_TLS
    __attribute__((visibility("hidden"))) struct tenure__local tenure__local;

/* Around work of the agent's own on a thread of the service. May nest. */
static inline void tenure__guard_begin(void)
{
    tenure__local.busy_sp = 0; /* not a hook's: never a leftover */
    tenure__local.busy++;
}

static inline void tenure__guard_end(void)
{
    tenure__local.busy--;
}

/* Makes the pthread key. Once, outside hooks. */
int tenure__threads_open(void);

/* The calling thread's record, taken now if it has none; NULL: there are
 * too many threads (counted). Caller has set `busy`. */
struct tenure__thread *tenure__thread_take(void);

/* Looks up the names of all threads and their classes again: a thread may
 * be renamed after its first allocation. Helper thread only. */
void tenure__threads_rename(void);

/* Calls visit for each living thread's record. */
void tenure__threads_each(void (*visit)(const struct tenure__thread *thread,
                                        void *with),
                          void *with);

/* In sampled mode the hot path counts bytes by bytes_left alone. */
static inline uint64_t tenure__thread_pending(const struct tenure__thread *t)
{
    return (uint64_t)(t->distance - t->bytes_left);
}

/* How many threads live that have ever allocated, the helper not counted. */
uint32_t tenure__threads_living(void);

/* Sums over all threads, living and gone. */
void tenure__threads_sum(struct tenure__thread_counts *counts,
                         struct tenure__unwind_counts *unwind);

/* In a forked child: only the calling thread is left, all counts are 0. */
void tenure__threads_after_fork(void);

/* Memory of all records that was ever touched, from above. */
uint64_t tenure__threads_bytes(void);

#endif
