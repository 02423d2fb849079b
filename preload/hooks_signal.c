/*
 * The alternate signal stack: while no handler runs on it, only the kernel
 * knows where it is, and a service may have kept no pointer to it.
 */
#include <signal.h>

#include "preload/hooks.h"

/* What is set now is asked for: the caller's two structures may be one. */
HOOK int sigaltstack(const stack_t *stack, stack_t *old)
{
    int result = real()->sigaltstack(stack, old);
    stack_t now;
    if (result == 0 && stack != NULL && real()->sigaltstack(NULL, &now) == 0)
        tenure__track_alternate_stack(now.ss_flags & SS_DISABLE ? NULL
                                                                : now.ss_sp);
    return result;
}
