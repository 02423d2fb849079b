/*
 * Tries the C++ operators of the allocator underneath, once at start.
 *
 * While tracking is off, a hook only passes on to the real function. For the
 * time of the trial the real ones are replaced by ones that count and pass on
 * in turn: an operator that moves the count has reached a hook.
 */
#include "preload/operators.h"

#include "preload/hooks.h"

struct tenure__operators tenure__operators;

static struct tenure__real kept;
static unsigned reached;

/* The functions that an operator may call: C's, and the simpler operators
 * (libstdc++'s array and nothrow forms call those). */
#define COUNT_NEW(name, parameters, arguments)                                 \
    static void *count_##name parameters                                       \
    {                                                                          \
        reached++;                                                             \
        return kept.name arguments;                                            \
    }
#define COUNT_DELETE(name, parameters, arguments)                              \
    static void count_##name parameters                                        \
    {                                                                          \
        reached++;                                                             \
        kept.name arguments;                                                   \
    }

COUNT_NEW(malloc, (size_t bytes), (bytes))
COUNT_NEW(aligned_alloc, (size_t alignment, size_t bytes), (alignment, bytes))
COUNT_NEW(memalign, (size_t alignment, size_t bytes), (alignment, bytes))
COUNT_NEW(mallocx, (size_t bytes, int flags), (bytes, flags))
COUNT_NEW(_Znwm, (size_t bytes), (bytes))
COUNT_NEW(_Znam, (size_t bytes), (bytes))
COUNT_NEW(_ZnwmSt11align_val_t, (size_t bytes, size_t alignment),
          (bytes, alignment))
COUNT_NEW(_ZnamSt11align_val_t, (size_t bytes, size_t alignment),
          (bytes, alignment))
COUNT_DELETE(free, (void *block), (block))
COUNT_DELETE(dallocx, (void *block, int flags), (block, flags))
COUNT_DELETE(sdallocx, (void *block, size_t bytes, int flags),
             (block, bytes, flags))
COUNT_DELETE(_ZdlPv, (void *block), (block))
COUNT_DELETE(_ZdaPv, (void *block), (block))
COUNT_DELETE(_ZdlPvSt11align_val_t, (void *block, size_t alignment),
             (block, alignment))
COUNT_DELETE(_ZdaPvSt11align_val_t, (void *block, size_t alignment),
             (block, alignment))

static int count_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    reached++;
    return kept.posix_memalign(block, alignment, bytes);
}

static void begin_to_count(void)
{
    kept = tenure__real;
#define COUNT(name) tenure__real.name = count_##name
    COUNT(malloc);
    COUNT(aligned_alloc);
    COUNT(memalign);
    COUNT(posix_memalign);
    COUNT(mallocx);
    COUNT(free);
    COUNT(dallocx);
    COUNT(sdallocx);
    COUNT(_Znwm);
    COUNT(_Znam);
    COUNT(_ZnwmSt11align_val_t);
    COUNT(_ZnamSt11align_val_t);
    COUNT(_ZdlPv);
    COUNT(_ZdaPv);
    COUNT(_ZdlPvSt11align_val_t);
    COUNT(_ZdaPvSt11align_val_t);
#undef COUNT
    tenure__hooks_choose();
}

enum { BYTES = 64, ALIGNMENT = 64 };

/* Makes a block by one operator and ends it by another, each with its own
 * further arguments. */
#define TRY(new_name, new_arguments, delete_name, delete_arguments)            \
    do {                                                                       \
        if (kept.new_name == NULL || kept.delete_name == NULL)                 \
            break;                                                             \
        reached = 0;                                                           \
        void *block = kept.new_name new_arguments;                             \
        tenure__operators.new_name = reached == 0;                             \
        if (block == NULL)                                                     \
            break;                                                             \
        reached = 0;                                                           \
        kept.delete_name delete_arguments;                                     \
        tenure__operators.delete_name = reached == 0;                          \
    } while (0)

static void try_plain(void)
{
    static const char nothrow; /* std::nothrow_t is empty */
    TRY(_Znwm, (BYTES), _ZdlPv, (block));
    TRY(_Znam, (BYTES), _ZdaPv, (block));
    TRY(_Znwm, (BYTES), _ZdlPvm, (block, BYTES));
    TRY(_Znam, (BYTES), _ZdaPvm, (block, BYTES));
    TRY(_ZnwmRKSt9nothrow_t, (BYTES, &nothrow), _ZdlPvRKSt9nothrow_t,
        (block, &nothrow));
    TRY(_ZnamRKSt9nothrow_t, (BYTES, &nothrow), _ZdaPvRKSt9nothrow_t,
        (block, &nothrow));
}

static void try_aligned(void)
{
    static const char nothrow;
    TRY(_ZnwmSt11align_val_t, (BYTES, ALIGNMENT), _ZdlPvSt11align_val_t,
        (block, ALIGNMENT));
    TRY(_ZnamSt11align_val_t, (BYTES, ALIGNMENT), _ZdaPvSt11align_val_t,
        (block, ALIGNMENT));
    TRY(_ZnwmSt11align_val_t, (BYTES, ALIGNMENT), _ZdlPvmSt11align_val_t,
        (block, BYTES, ALIGNMENT));
    TRY(_ZnamSt11align_val_t, (BYTES, ALIGNMENT), _ZdaPvmSt11align_val_t,
        (block, BYTES, ALIGNMENT));
    TRY(_ZnwmSt11align_val_tRKSt9nothrow_t, (BYTES, ALIGNMENT, &nothrow),
        _ZdlPvSt11align_val_tRKSt9nothrow_t, (block, ALIGNMENT, &nothrow));
    TRY(_ZnamSt11align_val_tRKSt9nothrow_t, (BYTES, ALIGNMENT, &nothrow),
        _ZdaPvSt11align_val_tRKSt9nothrow_t, (block, ALIGNMENT, &nothrow));
}

void tenure__operators_try(void)
{
    if (!tenure__allocator.own_operators)
        return;
    begin_to_count();
    try_plain();
    try_aligned();
    tenure__real = kept;
    tenure__hooks_choose();
}
