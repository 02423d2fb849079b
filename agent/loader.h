/*
 * The loader's list of objects, read without the loader.
 *
 * dl_iterate_phdr() takes a lock whose atomicity glibc drops while it knows
 * of one thread only, and needs a thread that glibc made; the helper thread
 * is none. So it reads _r_debug as a debugger would: through a system call
 * that fails instead of faulting where an object goes away meanwhile.
 */
#ifndef TENURE_AGENT_LOADER_H
#define TENURE_AGENT_LOADER_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

/* Copies what may not be there any more; 0, or -EFAULT. (The type of both
 * is tenure__read of bindings.h.) */
int tenure__loader_read(void *to, uint64_t from, size_t bytes);
/* The same where it cannot go away. */
int tenure__loader_copy(void *to, uint64_t from, size_t bytes);

/* Calls visit for each object, as dl_iterate_phdr() does (dlpi_adds and
 * dlpi_subs are 0). 0, or what visit returned if not 0; -EAGAIN: the list
 * was changing and is incomplete. One thread at a time. */
int tenure__loader_each(int (*visit)(struct dl_phdr_info *info, size_t bytes,
                                     void *with),
                        void *with);

#endif
