/*
 * Thread records: taken at a thread's first allocation, found again through
 * one initial-exec pointer, given back when the thread ends.
 *
 * Free records form a stack threaded through the table by index, with a tag
 * in the upper half of the head against the ABA problem. The counters of a
 * record go on when another thread takes it: their sum over all records is
 * right at every moment, whichever threads are ending.
 */
#include "agent/threads.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "agent/counters.h"
#include "agent/helper.h"
#include "agent/limits.h"
#include "agent/procfs.h"
#include "agent/sampling.h"
#include "agent/sites.h"
#include "agent/text.h"

TENURE_TLS struct tenure__local tenure__local;

static struct tenure__thread *table[TENURE_THREADS_MAX];
static uint32_t table_used;
static uint64_t free_head; /* tag << 32 | index + 1 */
static pthread_key_t key;
static bool have_key;

static size_t unwinder_bytes(void)
{
    return (tenure__unwinder_bytes() + 4095) & ~(size_t)4095;
}

_Static_assert(sizeof(struct tenure__thread) <= TENURE_THREAD_BYTES,
               "the unwinder is on a page of its own");

static void push_free(struct tenure__thread *thread)
{
    uint64_t head = __atomic_load_n(&free_head, __ATOMIC_ACQUIRE), next;
    do {
        __atomic_store_n(&thread->next_free, (uint32_t)head, __ATOMIC_RELAXED);
        next = ((head >> 32) + 1) << 32 | (thread->index + 1);
    } while (!__atomic_compare_exchange_n(&free_head, &head, next, 1,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static struct tenure__thread *pop_free(void)
{
    uint64_t head = __atomic_load_n(&free_head, __ATOMIC_ACQUIRE), next;
    struct tenure__thread *thread;
    do {
        if ((uint32_t)head == 0)
            return NULL;
        thread = table[(uint32_t)head - 1];
        next = ((head >> 32) + 1) << 32 |
               __atomic_load_n(&thread->next_free, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&free_head, &head, next, 1,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return thread;
}

/* In sampled mode, what the hot path has counted by bytes_left alone. */
static void settle_bytes(struct tenure__thread *thread)
{
    uint64_t bytes = thread->distance != 0 ? tenure__thread_pending(thread) : 0;
    thread->bytes_left = thread->distance = 0;
    thread->counts.allocated_bytes += bytes;
}

static void add_unwind(struct tenure__unwind_counts *sum,
                       const struct tenure__unwind_counts *counts)
{
    sum->walks += counts->walks;
    sum->truncated += counts->truncated;
    sum->verified += counts->verified;
    sum->mismatched += counts->mismatched;
    sum->memo_hits += counts->memo_hits;
}

/* Gives the memo's memory back; the next user finds zeros. Its counts are
 * for a moment in neither place, never in both. */
static void clear_unwinder(struct tenure__thread *thread)
{
    struct tenure__unwind_counts counts =
        *tenure__unwind_counts(tenure__thread_unwinder(thread));
    tenure__syscall3(SYS_madvise, tenure__thread_unwinder(thread),
                     unwinder_bytes(), MADV_DONTNEED);
    if (!thread->stale)
        add_unwind(&thread->unwound, &counts);
    thread->stale = 0;
}

/* The end of a thread. Later destructors may allocate again: then the
 * thread takes another record, and this runs once more. */
static void thread_ends(void *record)
{
    struct tenure__thread *thread = record;
    tenure__guard_begin();
    tenure__local.thread = NULL;
    settle_bytes(thread);
    clear_unwinder(thread);
    __atomic_store_n(&thread->tid, 0, __ATOMIC_RELEASE);
    push_free(thread);
    tenure__guard_end();
}

int tenure__threads_open(void)
{
    int error = pthread_key_create(&key, thread_ends);
    have_key = error == 0;
    return -error;
}

static struct tenure__thread *make_record(void)
{
    uint32_t index = __atomic_fetch_add(&table_used, 1, __ATOMIC_RELAXED);
    if (index >= TENURE_THREADS_MAX) {
        __atomic_fetch_sub(&table_used, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    struct tenure__thread *thread =
        tenure__os_map(TENURE_THREAD_BYTES + unwinder_bytes());
    if (thread == NULL)
        return NULL; /* the index is lost, which only shortens the table */
    thread->index = index;
    __atomic_store_n(&table[index], thread, __ATOMIC_RELEASE);
    return thread;
}

/* `node` is read by its thread meanwhile; the name only by the helper. */
static void set_name(struct tenure__thread *thread, const char *name)
{
    if (thread->node != 0 && strncmp(name, thread->name, 16) == 0)
        return;
    memcpy(thread->name, name, 16);
    uint32_t node = tenure__site_thread(thread->name);
    if (node != 0)
        __atomic_store_n(&thread->node, node, __ATOMIC_RELAXED);
}

static void rename_thread(const struct tenure__thread *thread, void *with)
{
    char path[64], name[20];
    struct tenure__text text;
    (void)with;
    tenure__text_start(&text, path, sizeof path);
    tenure__text_add(&text, "/proc/self/task/");
    tenure__text_number(&text, (uint64_t)thread->tid, 1);
    tenure__text_add(&text, "/comm");
    long bytes = tenure__read_file(path, name, sizeof name);
    if (bytes <= 0)
        return;
    memset(name + strcspn(name, "\n"), 0, sizeof name - strcspn(name, "\n"));
    name[15] = 0;
    set_name(table[thread->index], name);
}

void tenure__threads_rename(void)
{
    tenure__threads_each(rename_thread, NULL);
}

struct tenure__thread *tenure__thread_take(void)
{
    struct tenure__thread *thread = pop_free();
    if (thread == NULL)
        thread = make_record();
    if (thread == NULL) {
        tenure__count(TENURE_VALUE_DROPPED_NO_THREAD);
        return NULL;
    }
    if (thread->stale)
        clear_unwinder(thread);
    thread->bytes_left = thread->distance = 0;
    thread->bytes_limit = 0;
    thread->node = 0;
    thread->random = 0;
    thread->reported_bytes = thread->counts.allocated_bytes;
    thread->blocks_before = thread->counts.allocated_blocks;
    thread->bytes_before = thread->counts.allocated_bytes;
    char name[16] = "";
    tenure__syscall2(SYS_prctl, PR_GET_NAME, name);
    name[15] = 0;
    set_name(thread, name);
    __atomic_store_n(&thread->tid, tenure__os_tid(), __ATOMIC_RELEASE);
    tenure__local.thread = thread;
    /* The helper is no pthread; its record is taken once. */
    if (have_key && tenure__os_tid() != tenure__helper_tid())
        pthread_setspecific(key, thread);
    return thread;
}

void tenure__threads_each(void (*visit)(const struct tenure__thread *thread,
                                        void *with),
                          void *with)
{
    uint32_t used = __atomic_load_n(&table_used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < used && i < TENURE_THREADS_MAX; i++) {
        struct tenure__thread *thread =
            __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
        if (thread != NULL &&
            __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE) != 0)
            visit(thread, with);
    }
}

void tenure__threads_sum(struct tenure__thread_counts *counts,
                         struct tenure__unwind_counts *unwind)
{
    uint32_t used = __atomic_load_n(&table_used, __ATOMIC_ACQUIRE);
    memset(counts, 0, sizeof *counts);
    memset(unwind, 0, sizeof *unwind);
    for (uint32_t i = 0; i < used && i < TENURE_THREADS_MAX; i++) {
        const struct tenure__thread *thread =
            __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
        if (thread == NULL)
            continue;
        counts->allocated_blocks += thread->counts.allocated_blocks;
        counts->allocated_bytes += thread->counts.allocated_bytes;
        if (thread->distance != 0)
            counts->allocated_bytes += tenure__thread_pending(thread);
        counts->freed_blocks += thread->counts.freed_blocks;
        counts->freed_bytes += thread->counts.freed_bytes;
        counts->nested += thread->counts.nested;
        counts->missed_frees += thread->counts.missed_frees;
        counts->untracked_frees += thread->counts.untracked_frees;
        if (!tenure__sampling_on())
            unwind->memo_hits +=
                thread->counts.allocated_blocks - thread->counts.slow_births;
        add_unwind(unwind, &thread->unwound);
        if (!thread->stale)
            add_unwind(unwind,
                       tenure__unwind_counts(tenure__thread_unwinder(thread)));
    }
}

static void count_living(const struct tenure__thread *thread, void *with)
{
    *(uint32_t *)with += thread->tid != tenure__helper_tid();
}

uint32_t tenure__threads_living(void)
{
    uint32_t living = 0;
    tenure__threads_each(count_living, &living);
    return living;
}

void tenure__threads_after_fork(void)
{
    struct tenure__thread *mine = tenure__local.thread;
    uint32_t used = table_used;
    free_head = 0;
    for (uint32_t i = 0; i < used && i < TENURE_THREADS_MAX; i++) {
        struct tenure__thread *thread = table[i];
        if (thread == NULL)
            continue;
        memset(&thread->counts, 0, sizeof thread->counts);
        memset(&thread->unwound, 0, sizeof thread->unwound);
        thread->reported_bytes = thread->blocks_before = 0;
        thread->bytes_before = thread->bytes_limit = 0;
        if (thread->distance != 0)
            thread->distance = thread->bytes_left;
        if (thread != mine) {
            thread->tid = 0;
            thread->stale = 1;
            push_free(thread);
        }
    }
    if (mine != NULL)
        mine->tid = tenure__os_tid();
}

uint64_t tenure__threads_bytes(void)
{
    uint32_t used = __atomic_load_n(&table_used, __ATOMIC_RELAXED);
    return used * (uint64_t)(TENURE_THREAD_BYTES + unwinder_bytes());
}
