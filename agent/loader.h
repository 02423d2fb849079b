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

/* Calls visit for each object, as dl_iterate_phdr() does (dlpi_adds and
 * dlpi_subs are 0). 0, or what visit returned if not 0; -EAGAIN: the list
 * was changing and is incomplete. One thread at a time. */
int tenure__loader_each(int (*visit)(struct dl_phdr_info *info, size_t bytes,
                                     void *with),
                        void *with);

#endif
