/*
 * The C allocation functions.
 *
 * Each calls the real one with the program's own arguments and returns what
 * that returned; in between the birth, death or growth of the block is
 * reported. errno is the real function's: nothing here sets it.
 */
#include <errno.h>

#include "preload/hooks.h"

/*
 * malloc, calloc, realloc and free jump on by way of a pointer each: to the
 * real one while the agent is dormant, else to a function for what is tracked
 * now, which finds the same caller above it.
 */

/* ---- whatever is tracked ----------------------------------------------- */

static NOINLINE void *tracked_malloc(size_t bytes)
{
    void *block = real()->malloc(bytes);
    if (!births() || block == NULL)
        return block;
    return tenure__track_birth(block, bytes, TENURE_START);
}

static NOINLINE void *tracked_calloc(size_t count, size_t bytes)
{
    void *block = real()->calloc(count, bytes);
    BORN(block, count * bytes); /* no overflow: it succeeded */
    return block;
}

static NOINLINE void tracked_free(void *block)
{
    dies(block);
    real()->free(block);
}

/* The old record goes out before the call and the new one in after it: in
 * between another thread may be given the old address. `ended`: the block
 * is gone although NULL came back (realloc(p, 0)). */
#define RESIZE(old, bytes, call)                                               \
    do {                                                                       \
        uint64_t known_ =                                                      \
            deaths() && (old) != NULL ? tenure__track_take(old) : 0;           \
        block = (call);                                                        \
        if (block == NULL) {                                                   \
            if ((bytes) == 0 && (old) != NULL)                                 \
                tenure__track_freed(known_);                                   \
            else                                                               \
                tenure__track_put_back((old), known_);                         \
        } else if ((old) == NULL) {                                            \
            BORN(block, (bytes));                                              \
        } else if (births() || known_ != 0) {                                  \
            struct tenure__start start_ = {TENURE_START};                      \
            tenure__track_resize(known_, (old), block, (bytes), &start_);      \
        }                                                                      \
    } while (0)

static NOINLINE void *tracked_realloc(void *old, size_t bytes)
{
    void *block;
    RESIZE(old, bytes, real()->realloc(old, bytes));
    return block;
}

/* ---- every block ------------------------------------------------------- */

/* `begun` by what follows: the block did not turn out to be ordinary. */
static NOINLINE void *born_slowly(void *block, size_t bytes, uint64_t begun,
                                  uint64_t pc, uint64_t sp, uint64_t fp)
{
    if (begun != 0)
        tenure__birth_undo(begun);
    if (block == NULL)
        return NULL;
    return tenure__track_birth_slowly(block, bytes, pc, sp, fp);
}

/* A function that makes the block by `call`. */
#define BEAR(bytes, call)                                                      \
    do {                                                                       \
        struct tenure__start start_ = {TENURE_START};                          \
        uint64_t begun_ = tenure__birth_begins((bytes), &start_);              \
        void *block_ = (call);                                                 \
        if (LIKELY(begun_ != 0 && block_ != NULL) &&                           \
            LIKELY(tenure__birth_ends(block_, begun_)))                        \
            return block_;                                                     \
        return born_slowly(block_, (bytes), begun_, TENURE_START);             \
    } while (0)

static NOINLINE void *exact_malloc(size_t bytes)
{
    BEAR(bytes, tenure__real.malloc(bytes));
}

static NOINLINE void *exact_calloc(size_t count, size_t bytes)
{
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(count, bytes, &total)))
        return tenure__real.calloc(count, bytes);
    BEAR(total, tenure__real.calloc(count, bytes));
}

static NOINLINE void exact_free(void *block)
{
    if (LIKELY(tenure__dies_at_once(block)))
        tenure__real.free(block);
    else
        tracked_free(block);
}

/* ---- a sample: straight on where a block is none of it ----------------- */

/* (A malloc that then fails has been counted: the totals of a sample are no
 * tally.) */
static NOINLINE void *sampled_malloc(size_t bytes)
{
    if (LIKELY(tenure__is_unsampled(bytes)))
        return tenure__real.malloc(bytes);
    return tracked_malloc(bytes);
}

static NOINLINE void *sampled_calloc(size_t count, size_t bytes)
{
    size_t total;
    if (LIKELY(!__builtin_mul_overflow(count, bytes, &total) &&
               tenure__is_unsampled(total)))
        return tenure__real.calloc(count, bytes);
    return tracked_calloc(count, bytes);
}

/* As a death and a birth. Of no bytes it is a free, or not. */
static NOINLINE void *sampled_realloc(void *old, size_t bytes)
{
    if (LIKELY(bytes > 0 && (old == NULL || !tenure__may_be_sampled(old)) &&
               tenure__is_unsampled(bytes)))
        return tenure__real.realloc(old, bytes);
    return tracked_realloc(old, bytes);
}

static NOINLINE void sampled_free(void *block)
{
    if (LIKELY(!tenure__may_be_sampled(block)))
        tenure__real.free(block);
    else
        tracked_free(block);
}

/* ---- which of them ----------------------------------------------------- */

struct ways {
    void *(*malloc)(size_t bytes);
    void *(*calloc)(size_t count, size_t bytes);
    void *(*realloc)(void *old, size_t bytes);
    void (*free)(void *block);
};

static struct ways way = {tracked_malloc, tracked_calloc, tracked_realloc,
                          tracked_free};

static struct ways ways_of(uint32_t what)
{
    if (what == TENURE_TRACK_READY)
        return (struct ways){tenure__real.malloc, tenure__real.calloc,
                             tenure__real.realloc, tenure__real.free};
    if (what == TENURE_TRACK_EXACT)
        return (struct ways){exact_malloc, exact_calloc, tracked_realloc,
                             exact_free};
    if (what & TENURE_TRACK_SAMPLED)
        return (struct ways){sampled_malloc, sampled_calloc, sampled_realloc,
                             sampled_free};
    return (struct ways){tracked_malloc, tracked_calloc, tracked_realloc,
                         tracked_free};
}

/* Deaths first: whoever meets a new malloc() finds the new free(), too. */
void tenure__hooks_choose(void)
{
    struct ways chosen = ways_of(tracking());
    __atomic_store_n(&way.free, chosen.free, __ATOMIC_RELEASE);
    __atomic_store_n(&way.realloc, chosen.realloc, __ATOMIC_RELEASE);
    __atomic_store_n(&way.calloc, chosen.calloc, __ATOMIC_RELEASE);
    __atomic_store_n(&way.malloc, chosen.malloc, __ATOMIC_RELEASE);
}

HOOK void *malloc(size_t bytes);
HOOK void *malloc(size_t bytes)
{
    return __atomic_load_n(&way.malloc, __ATOMIC_ACQUIRE)(bytes);
}

HOOK void *calloc(size_t count, size_t bytes);
HOOK void *calloc(size_t count, size_t bytes)
{
    return __atomic_load_n(&way.calloc, __ATOMIC_ACQUIRE)(count, bytes);
}

HOOK void *realloc(void *old, size_t bytes);
HOOK void *realloc(void *old, size_t bytes)
{
    return __atomic_load_n(&way.realloc, __ATOMIC_ACQUIRE)(old, bytes);
}

HOOK void free(void *block);
HOOK void free(void *block)
{
    __atomic_load_n(&way.free, __ATOMIC_ACQUIRE)(block);
}

/* ---- the other functions ----------------------------------------------- */

HOOK void *reallocarray(void *old, size_t count, size_t bytes);
HOOK void *reallocarray(void *old, size_t count, size_t bytes)
{
    void *block;
    size_t total;
    /* An overflow is the real function's to refuse: the block stays. */
    if (__builtin_mul_overflow(count, bytes, &total))
        return real()->reallocarray(old, count, bytes);
    /* glibc's calls realloc where we would see it: twice the same. */
    RESIZE(old, total, real()->realloc(old, total));
    return block;
}

/* C23. An allocator without them gets free(), as the standard allows. */
HOOK void free_sized(void *block, size_t bytes);
HOOK void free_sized(void *block, size_t bytes)
{
    dies(block);
    if (real()->free_sized != NULL)
        real()->free_sized(block, bytes);
    else
        real()->free(block);
}

HOOK void free_aligned_sized(void *block, size_t alignment, size_t bytes);
HOOK void free_aligned_sized(void *block, size_t alignment, size_t bytes)
{
    dies(block);
    if (real()->free_aligned_sized != NULL)
        real()->free_aligned_sized(block, alignment, bytes);
    else
        real()->free(block);
}

HOOK void cfree(void *block);
HOOK void cfree(void *block)
{
    dies(block);
    if (real()->cfree != NULL)
        real()->cfree(block);
    else
        real()->free(block);
}

HOOK int posix_memalign(void **block, size_t alignment, size_t bytes);
HOOK int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    int error = real()->posix_memalign(block, alignment, bytes);
    if (error == 0)
        BORN(*block, bytes);
    return error;
}

HOOK void *aligned_alloc(size_t alignment, size_t bytes);
HOOK void *aligned_alloc(size_t alignment, size_t bytes)
{
    void *block = real()->aligned_alloc(alignment, bytes);
    BORN(block, bytes);
    return block;
}

HOOK void *memalign(size_t alignment, size_t bytes);
HOOK void *memalign(size_t alignment, size_t bytes)
{
    void *block = real()->memalign(alignment, bytes);
    BORN(block, bytes);
    return block;
}

HOOK void *valloc(size_t bytes);
HOOK void *valloc(size_t bytes)
{
    void *block = real()->valloc(bytes);
    BORN(block, bytes);
    return block;
}

HOOK void *pvalloc(size_t bytes);
HOOK void *pvalloc(size_t bytes)
{
    void *block = real()->pvalloc(bytes);
    BORN(block, bytes);
    return block;
}

/* ---- jemalloc's own: only called where it is underneath ---------------- */

HOOK void *mallocx(size_t bytes, int flags);
HOOK void *mallocx(size_t bytes, int flags)
{
    void *block = real()->mallocx(bytes, flags);
    BORN(block, bytes);
    return block;
}

HOOK void *rallocx(void *old, size_t bytes, int flags);
HOOK void *rallocx(void *old, size_t bytes, int flags)
{
    void *block;
    RESIZE(old, bytes, real()->rallocx(old, bytes, flags));
    return block;
}

/* Resizes in place; returns the size that the block now has. */
HOOK size_t xallocx(void *block, size_t bytes, size_t extra, int flags);
HOOK size_t xallocx(void *block, size_t bytes, size_t extra, int flags)
{
    uint64_t known = deaths() ? tenure__track_take(block) : 0;
    size_t now = real()->xallocx(block, bytes, extra, flags);
    /* (An unsampled block draws again; one of before the start stays
     * unknown.) */
    if (now >= bytes && (known != 0 || tracking() & TENURE_TRACK_SAMPLED)) {
        struct tenure__start start = {TENURE_START};
        tenure__track_resize(known, block, block,
                             now < bytes + extra ? now : bytes + extra, &start);
    } else {
        tenure__track_put_back(block, known);
    }
    return now;
}

HOOK size_t sallocx(const void *block, int flags);
HOOK size_t sallocx(const void *block, int flags)
{
    return real()->sallocx(block, flags);
}

HOOK void dallocx(void *block, int flags);
HOOK void dallocx(void *block, int flags)
{
    dies(block);
    real()->dallocx(block, flags);
}

HOOK void sdallocx(void *block, size_t bytes, int flags);
HOOK void sdallocx(void *block, size_t bytes, int flags)
{
    dies(block);
    real()->sdallocx(block, bytes, flags);
}

HOOK size_t nallocx(size_t bytes, int flags);
HOOK size_t nallocx(size_t bytes, int flags)
{
    return real()->nallocx(bytes, flags);
}
