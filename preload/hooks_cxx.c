/*
 * The C++ operators, by their mangled names.
 *
 * libstdc++'s and libc++'s call malloc, which is hooked: then these only
 * jump on to the real operator (a tail call, so they leave no frame), and
 * the block's stack shows operator new as it should. jemalloc, tcmalloc and
 * mimalloc bring operators of which some never reach malloc: these report
 * the block (operators.h). An exception (bad_alloc) passes through them: so
 * this file has unwind tables like C++.
 */
#include "preload/hooks.h"
#include "preload/operators.h"

/* A C program may load libstdc++ with a plugin, long after the start, and
 * unload it again: then the operator is looked for when it is called. */
#define NEXT(name) next_of((void **)&tenure__real.name, #name)

static inline void *next_of(void **slot, const char *name)
{
    real(); /* looks for all, if nobody has yet */
    void *known = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    return LIKELY(known != NULL) ? known : tenure__real_find_late(name, slot);
}

#define NEW(name, parameters, arguments)                                       \
    HOOK void *name parameters;                                                \
    HOOK void *name parameters                                                 \
    {                                                                          \
        void *(*next)parameters = NEXT(name);                                  \
        if (!tenure__operators.name)                                           \
            return next arguments;                                             \
        void *block = next arguments;                                          \
        BORN(block, bytes);                                                    \
        return block;                                                          \
    }

#define DELETE(name, parameters, arguments)                                    \
    HOOK void name parameters;                                                 \
    HOOK void name parameters                                                  \
    {                                                                          \
        void(*next) parameters = NEXT(name);                                   \
        if (tenure__operators.name)                                            \
            dies(block);                                                       \
        next arguments;                                                        \
    }

NEW(_Znwm, (size_t bytes), (bytes))
NEW(_Znam, (size_t bytes), (bytes))
NEW(_ZnwmRKSt9nothrow_t, (size_t bytes, const void *nothrow), (bytes, nothrow))
NEW(_ZnamRKSt9nothrow_t, (size_t bytes, const void *nothrow), (bytes, nothrow))
NEW(_ZnwmSt11align_val_t, (size_t bytes, size_t alignment), (bytes, alignment))
NEW(_ZnamSt11align_val_t, (size_t bytes, size_t alignment), (bytes, alignment))
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t,
    (size_t bytes, size_t alignment, const void *nothrow),
    (bytes, alignment, nothrow))
NEW(_ZnamSt11align_val_tRKSt9nothrow_t,
    (size_t bytes, size_t alignment, const void *nothrow),
    (bytes, alignment, nothrow))

DELETE(_ZdlPv, (void *block), (block))
DELETE(_ZdaPv, (void *block), (block))
DELETE(_ZdlPvm, (void *block, size_t bytes), (block, bytes))
DELETE(_ZdaPvm, (void *block, size_t bytes), (block, bytes))
DELETE(_ZdlPvRKSt9nothrow_t, (void *block, const void *nothrow),
       (block, nothrow))
DELETE(_ZdaPvRKSt9nothrow_t, (void *block, const void *nothrow),
       (block, nothrow))
DELETE(_ZdlPvSt11align_val_t, (void *block, size_t alignment),
       (block, alignment))
DELETE(_ZdaPvSt11align_val_t, (void *block, size_t alignment),
       (block, alignment))
DELETE(_ZdlPvmSt11align_val_t, (void *block, size_t bytes, size_t alignment),
       (block, bytes, alignment))
DELETE(_ZdaPvmSt11align_val_t, (void *block, size_t bytes, size_t alignment),
       (block, bytes, alignment))
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t,
       (void *block, size_t alignment, const void *nothrow),
       (block, alignment, nothrow))
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t,
       (void *block, size_t alignment, const void *nothrow),
       (block, alignment, nothrow))
