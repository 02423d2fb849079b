/*
 * Asks the kernel which pages can be read.
 *
 * rt_sigprocmask() copies the new set from its argument before it rejects an
 * operation that does not exist: EFAULT says that the address cannot be
 * read, EINVAL that it can, and nothing is changed either way.
 */
#include "agent/unwind_memory.h"

#include <errno.h>
#include <stddef.h>

#include "agent/os.h"

#define NO_SUCH_OPERATION (-1)
#define KERNEL_SIGSET_BYTES 8
#define LOWEST 4096u        /* nothing is ever mapped below */
#define HOME_PAGES_MAX 512u /* proven at one go */

/* Set by the loader: where the stack of the first thread begins. */
extern void *__libc_stack_end;

bool tenure__memory_readable(uint64_t address)
{
    if (address < LOWEST) /* a null pointer is no set, and no error */
        return false;
    return tenure__syscall4(SYS_rt_sigprocmask, NO_SUCH_OPERATION,
                            address & ~UINT64_C(7), NULL,
                            KERNEL_SIGSET_BYTES) != -EFAULT;
}

/* The loader takes it in its first function, a frame or less away from where
 * the kernel started the program. */
#define FIRST_FRAME_BYTES 512u

bool tenure__memory_outermost(uint64_t sp)
{
    return sp - ((uint64_t)__libc_stack_end - FIRST_FRAME_BYTES) <
           2 * FIRST_FRAME_BYTES;
}

/* glibc keeps a thread's descriptor, to which the thread pointer points, at
 * the top of the thread's stack; the first thread's stack stands alone. */
bool tenure__memory_home(uint64_t sp, uint64_t *low, uint64_t *high)
{
    uint64_t page = tenure__os_page_bytes();
    uint64_t reach = HOME_PAGES_MAX * page;
    uint64_t top = (uint64_t)__builtin_thread_pointer();
    if (sp >= top || top - sp > reach)
        top = (uint64_t)__libc_stack_end;
    if (sp >= top || top - sp > reach)
        return false;
    for (uint64_t at = sp & ~(page - 1); at < top; at += page) {
        if (!tenure__memory_readable(at))
            return false;
    }
    *low = sp & ~(page - 1);
    *high = top;
    return true;
}
