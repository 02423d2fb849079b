/*
 * The hot path: births, deaths and resizes of blocks.
 *
 * The hooks come in here; what they report goes to the side metadata
 * (blocks, records, mappings) and to the counters of the calling thread.
 * Nothing is shared between threads but the metadata of the block itself.
 */
#include "agent/track.h"

#include "agent/annotate.h"
#include "agent/births.h"
#include "agent/blocks.h"
#include "agent/control.h"
#include "agent/counters.h"
#include "agent/fold.h"
#include "agent/generations.h"
#include "agent/helper.h"
#include "agent/mappings.h"
#include "agent/modules.h"
#include "agent/records.h"
#include "agent/revive.h"
#include "agent/sites.h"
#include "agent/threads.h"

uint32_t tenure__tracking;
uint32_t tenure__generation_now = 1;

#define NOINLINE __attribute__((noinline))

/* The compiler may not move what the guard protects; a signal handler on
 * this thread must see `busy` as the program order has it. */
#define ORDER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* Between the malloc that an allocator's realloc calls and our own hook. */
#define ALLOCATOR_FRAMES_MAX 8

/* A signal handler that interrupted a hook may have left by siglongjmp():
 * then `busy` is a leftover. A nested call stands deeper on the stack than
 * the hook it interrupted, unless it runs on the alternate stack. */
static bool is_leftover(const struct tenure__local *local, uint64_t sp)
{
    struct {
        void *at;
        int flags;
        size_t bytes;
    } alternate = {0};
    if (local->busy_sp == 0 || sp <= local->busy_sp ||
        tenure__helper_watching())
        return false;
    tenure__syscall2(SYS_sigaltstack, NULL, &alternate);
    return (alternate.flags & 1 /* SS_ONSTACK */) == 0;
}

static bool passes_through(struct tenure__local *local, uint64_t sp)
{
    if (is_leftover(local, sp))
        return false;
    if (local->thread != NULL)
        local->thread->counts.nested++;
    else
        tenure__count(TENURE_VALUE_NESTED_ALLOCATIONS);
    return true;
}

/* Enters the agent: this thread's record, or NULL where the allocation must
 * pass through: inside the agent itself, or when no record is to be had. */
static inline struct tenure__thread *enter(uint64_t sp)
{
    struct tenure__local *local = &tenure__local;
    if (tenure__unlikely(local->busy != 0) && passes_through(local, sp))
        return NULL;
    local->busy_sp = sp;
    local->busy = 1;
    ORDER();
    struct tenure__thread *thread = local->thread;
    if (tenure__unlikely(thread == NULL))
        thread = tenure__thread_take();
    if (tenure__unlikely(thread == NULL)) {
        local->busy = 0;
        return NULL;
    }
    return thread;
}

static inline void leave(void)
{
    ORDER();
    tenure__local.busy = 0;
}

/* Where the block stands in the call tree. A stack that the full call tree
 * cannot take is counted at its thread. */
static uint32_t site_of(struct tenure__thread *thread,
                        const struct tenure__start *start, size_t bytes)
{
    if (tenure__unlikely(tenure__revive_countdown > 0))
        tenure__revive();
    uint32_t site = tenure__unwind_site(tenure__thread_unwinder(thread), start,
                                        thread->node, bytes);
    if (tenure__likely(site != 0))
        return site;
    tenure__count(thread->node != 0 ? TENURE_VALUE_STACKLESS_BLOCKS
                                    : TENURE_VALUE_DROPPED_NO_SITE);
    return thread->node;
}

/* Records come and go with blocks, so each thread keeps a spare one. (A
 * signal handler that frees while its thread does the same may lose it.)
 * Taking is done within the guard only. */
static uint32_t take_record(struct tenure__thread *thread)
{
    uint32_t index = thread->spare;
    if (tenure__unlikely(index == 0))
        return tenure__record_take(thread->index);
    thread->spare = 0;
    return index;
}

static void release_record(struct tenure__thread *thread, uint32_t index)
{
    if (thread == NULL || thread->spare != 0) {
        tenure__record_release(index, thread != NULL ? thread->index : 0);
        return;
    }
    __atomic_store_n(&tenure__record_at(index)->id, 0, __ATOMIC_RELEASE);
    thread->spare = index;
}

/* A record that its thread has filled is one now. */
static void name_record(struct tenure__thread *thread,
                        struct tenure__record *record)
{
    uint64_t id = (thread->index + UINT64_C(1)) << 40 | ++thread->records_made;
    __atomic_store_n(&record->id, id, __ATOMIC_RELEASE);
}

/* A block of 16 MiB or more needs a record for its size. */
static uint32_t huge_record(struct tenure__thread *thread, uint32_t site,
                            uint32_t generation, uint64_t address, size_t bytes)
{
    uint32_t index = take_record(thread);
    if (index == 0) {
        tenure__count(TENURE_VALUE_DROPPED_NO_RECORD);
        return 0;
    }
    struct tenure__record *record = tenure__record_at(index);
    record->bytes = record->birth_bytes = bytes;
    record->site = site;
    record->generation = generation;
    record->grown_site = record->resizes = 0;
    record->folded = tenure__fold_passed(address);
    name_record(thread, record);
    return index;
}

static inline tenure__slot *slot_for(uint64_t address)
{
    tenure__slot *slot = tenure__block_slot(address);
    if (tenure__likely(slot != NULL))
        return slot;
    slot = tenure__block_slot_new(address);
    if (slot == NULL)
        tenure__count(TENURE_VALUE_DROPPED_NO_TABLE);
    return slot;
}

static inline void freed(uint64_t known)
{
    struct tenure__thread *thread = tenure__local.thread;
    uint64_t bytes = known & TENURE_SLOT_SIZE_MAX;
    if (tenure__unlikely(known & TENURE_SLOT_EXT)) {
        uint32_t index = (uint32_t)bytes;
        bytes = tenure__record_at(index)->bytes;
        release_record(thread, index);
    }
    if (tenure__likely(thread != NULL)) {
        thread->counts.freed_blocks++;
        thread->counts.freed_bytes += bytes;
    }
}

/* Was the block born below one of our hooks? */
static bool born_in_a_hook(uint64_t slot)
{
    struct tenure__node node;
    uint32_t site = tenure__slot_site(slot);
    for (int i = 0; i < ALLOCATOR_FRAMES_MAX; i++) {
        if (!tenure__site_get(site, &node) || node.tag == TENURE__NODE_THREAD)
            return false;
        if (node.pc - tenure__hooks_code.at < tenure__hooks_code.bytes)
            return true;
        site = node.parent;
    }
    return false;
}

/* Something is known where a block is born. An allocator whose realloc calls
 * malloc by its name has come in twice with one block: the first time counts
 * as a birth and a death. */
static void still_known(struct tenure__thread *thread, uint64_t address,
                        uint64_t old)
{
    if (born_in_a_hook(old)) {
        freed(old);
    } else {
        thread->counts.missed_frees++;
        if (old & TENURE_SLOT_EXT)
            release_record(thread, (uint32_t)old & TENURE_SLOT_SIZE_MAX);
    }
    if (tenure__sampling_on())
        tenure__sample_forget(address);
}

static inline void put(struct tenure__thread *thread, tenure__slot *slot,
                       uint64_t address, uint64_t value)
{
    uint64_t old = __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED);
    if (tenure__unlikely(old > TENURE_SLOT_VACANT))
        still_known(thread, address, old);
    if (tenure__sampling_on() && value != 0)
        tenure__sample_note(address);
    __atomic_store_n((uint64_t *)slot, value, __ATOMIC_RELEASE);
}

static void record_birth(struct tenure__thread *thread, uint64_t address,
                         size_t bytes, const struct tenure__start *start)
{
    uint32_t generation = tenure__generation();
    uint32_t site = site_of(thread, start, bytes);
    tenure__slot *slot = slot_for(address);
    if (tenure__unlikely(slot == NULL))
        return;
    /* Not tracked, nor what was missed there before. */
    uint64_t value = tenure__sampling_on() ? 0 : TENURE_SLOT_VACANT;
    if (tenure__likely(site != 0 && bytes < TENURE_SLOT_SIZE_MAX)) {
        value = tenure__slot_make(site, generation, (uint32_t)bytes);
    } else if (site != 0) {
        uint32_t index = huge_record(thread, site, generation, address, bytes);
        if (index != 0)
            value =
                tenure__slot_make(site, generation, index) | TENURE_SLOT_EXT;
    }
    if (tenure__likely(value > TENURE_SLOT_VACANT))
        value |= tenure__block_half(address);
    put(thread, slot, address, value);
    if (tenure__unlikely(tenure__local.ignoring != 0) &&
        value > TENURE_SLOT_VACANT)
        tenure__ignore_block(address, generation);
}

/* Counts a birth; false if it is none of the sample and nothing is due. */
static inline bool is_taken(struct tenure__thread *thread, size_t bytes)
{
    bool sampling = tenure__sampling_on();
    thread->counts.allocated_blocks++;
    thread->counts.slow_births++;
    if (sampling)
        thread->bytes_left -= (int64_t)bytes;
    else
        thread->counts.allocated_bytes += bytes;
    if (tenure__likely(sampling ? thread->bytes_left >= 0
                                : thread->counts.allocated_bytes <=
                                      thread->bytes_limit))
        return !sampling;
    return tenure__sampling_due(thread, bytes);
}

void *tenure__track_birth_slowly(void *block, size_t bytes, uint64_t pc,
                                 uint64_t sp, uint64_t fp)
{
    struct tenure__thread *thread = enter(sp);
    if (thread == NULL)
        return block;
    if (is_taken(thread, bytes))
        record_birth(thread, (uint64_t)block, bytes,
                     &(struct tenure__start){pc, sp, fp});
    leave();
    return block;
}

void *tenure__track_birth(void *block, size_t bytes, uint64_t pc, uint64_t sp,
                          uint64_t fp)
{
    struct tenure__start start = {pc, sp, fp};
    uint64_t begun = tenure__birth_begins(bytes, &start);
    if (tenure__likely(begun != 0)) {
        if (tenure__likely(tenure__birth_ends(block, begun)))
            return block;
        tenure__birth_undo(begun);
    }
    return tenure__track_birth_slowly(block, bytes, pc, sp, fp);
}

/* While slots are moved, nobody can tell a block that was not tracked. */
static void nothing_known(void)
{
    struct tenure__thread *thread = tenure__local.thread;
    if (thread != NULL && !tenure__sampling_on() &&
        !(tenure__blocks_flags() & TENURE_ODD_RELEASING))
        thread->counts.untracked_frees++;
}

/* What is known of a block, which is forgotten; 0 = nothing. */
static inline uint64_t take(uint64_t address)
{
    uint64_t known = tenure__block_take(address);
    if (tenure__unlikely(known == 0))
        nothing_known();
    else if (tenure__sampling_on())
        tenure__sample_forget(address);
    return known;
}

void tenure__track_death(void *block)
{
    uint64_t known = take((uint64_t)block);
    if (known != 0)
        freed(known);
}

uint64_t tenure__track_take(void *block)
{
    return take((uint64_t)block);
}

void tenure__track_freed(uint64_t known)
{
    if (known != 0)
        freed(known);
}

void tenure__track_put_back(void *block, uint64_t known)
{
    tenure__slot *slot = known != 0 ? slot_for((uint64_t)block) : NULL;
    if (slot == NULL)
        return;
    if (tenure__sampling_on())
        tenure__sample_note((uint64_t)block);
    __atomic_store_n((uint64_t *)slot, known, __ATOMIC_RELEASE);
}

/* A record for a block that is resized for the first time. */
static uint32_t new_record(struct tenure__thread *thread, uint64_t known,
                           uint64_t old)
{
    uint32_t index = take_record(thread);
    if (index == 0)
        return 0;
    struct tenure__record *record = tenure__record_at(index);
    record->bytes = record->birth_bytes = known & TENURE_SLOT_SIZE_MAX;
    record->site = tenure__slot_site(known);
    record->generation = tenure__slot_generation(known, tenure__generation());
    record->grown_site = record->resizes = 0;
    record->folded = tenure__fold_passed(old);
    name_record(thread, record);
    return index;
}

static uint64_t resized(struct tenure__thread *thread, uint64_t known,
                        uint64_t old, size_t bytes,
                        const struct tenure__start *start)
{
    uint32_t index = (uint32_t)(known & TENURE_SLOT_SIZE_MAX);
    if (!(known & TENURE_SLOT_EXT)) {
        if (index == bytes)
            return known; /* moved at most */
        index = new_record(thread, known, old);
        if (index == 0) {
            tenure__count(TENURE_VALUE_UNRECORDED_GROWTH);
            uint64_t kept =
                bytes < TENURE_SLOT_SIZE_MAX ? bytes : TENURE_SLOT_SIZE_MAX;
            return (known & ~(uint64_t)TENURE_SLOT_SIZE_MAX) | kept;
        }
    }
    struct tenure__record *record = tenure__record_at(index);
    if (bytes > record->bytes)
        record->grown_site = site_of(thread, start, bytes);
    if (record->resizes < UINT32_MAX)
        record->resizes++;
    __atomic_store_n(&record->bytes, bytes, __ATOMIC_RELAXED);
    return (known & ~(uint64_t)TENURE_SLOT_SIZE_MAX) | TENURE_SLOT_EXT | index;
}

/* What a malloc that this realloc calls by its name has entered there. */
static void forget_nested(uint64_t address)
{
    uint64_t nested = tenure__block_take(address);
    if (nested == 0)
        return;
    if (tenure__sampling_on())
        tenure__sample_forget(address);
    freed(nested);
}

/* A block of unknown birth is none of this generation: it stays unknown, and
 * the call counts as a birth and a death. Of a sample it may be one that was
 * not drawn, and then draws again, unless births went by unseen. */
static void resize_unknown(uint64_t address, size_t bytes,
                           const struct tenure__start *start)
{
    if (tenure__sampling_on() && !tenure__control_was_paused()) {
        tenure__track_birth((void *)address, bytes, start->pc, start->sp,
                            start->fp);
        return;
    }
    forget_nested(address);
    struct tenure__thread *thread = enter(start->sp);
    if (thread == NULL)
        return;
    is_taken(thread, bytes);
    thread->counts.freed_blocks++;
    if (!tenure__sampling_on())
        thread->counts.freed_bytes += bytes;
    leave();
}

void tenure__track_resize(uint64_t known, void *old, void *block, size_t bytes,
                          const struct tenure__start *start)
{
    struct tenure__thread *thread;
    uint64_t address = (uint64_t)block;
    if (known == 0) {
        if (tenure__tracking & TENURE_TRACK_BIRTHS)
            resize_unknown(address, bytes, start);
        return;
    }
    thread = enter(start->sp);
    if (thread == NULL) {
        tenure__track_put_back(block, (known & ~TENURE_SLOT_HALF) |
                                          tenure__block_half(address));
        return;
    }
    uint64_t was =
        known & TENURE_SLOT_EXT
            ? tenure__record_at((uint32_t)known & TENURE_SLOT_SIZE_MAX)->bytes
            : known & TENURE_SLOT_SIZE_MAX;
    thread->counts.freed_blocks++;
    thread->counts.freed_bytes += was;
    if (is_taken(thread, bytes)) {
        known = resized(thread, known & ~TENURE_SLOT_HALF, (uint64_t)old, bytes,
                        start);
        tenure__slot *slot = slot_for(address);
        if (slot != NULL)
            put(thread, slot, address, known | tenure__block_half(address));
    } else if (known & TENURE_SLOT_EXT) {
        release_record(thread, (uint32_t)known & TENURE_SLOT_SIZE_MAX);
    }
    leave();
}

/* ---- mappings ---------------------------------------------------------- */

void tenure__track_map(void *at, size_t bytes,
                       const struct tenure__start *start)
{
    struct tenure__thread *thread = enter(start->sp);
    if (thread == NULL)
        return;
    uint32_t site = site_of(thread, start, bytes);
    tenure__mapping_remove((uint64_t)at, bytes, NULL);
    if (site != 0)
        tenure__mapping_add((uint64_t)at, bytes, site, tenure__generation());
    leave();
}

void tenure__track_allocator_map(void *at, size_t bytes)
{
    tenure__mapping_remove((uint64_t)at, bytes, NULL);
    tenure__mapping_add((uint64_t)at, bytes, 0, 0);
}

void tenure__track_unmap(void *at, size_t bytes)
{
    tenure__mapping_remove((uint64_t)at, bytes, NULL);
}

void tenure__track_alternate_stack(const void *memory)
{
    tenure__local.alternate_stack = memory;
}

/* Like realloc: birth site and generation stay. */
void tenure__track_remap(void *old, size_t old_bytes, void *at, size_t bytes)
{
    struct tenure__mapping first;
    tenure__mapping_remove((uint64_t)old, old_bytes, &first);
    if (first.start == 0)
        return; /* a reservation: as before */
    tenure__mapping_remove((uint64_t)at, bytes, NULL);
    tenure__mapping_add((uint64_t)at, bytes, first.site, first.generation);
}
