/*
 * The system, as the agent sees it: raw system calls and nothing of libc.
 *
 * Every function here is async-signal-safe, takes no lock, allocates nothing
 * and leaves errno alone; a failure is returned as the negative errno value.
 * The helper thread and the walker have no thread-local storage of libc's
 * own, so whatever they call has to stand on this header.
 */
#ifndef TENURE_AGENT_OS_H
#define TENURE_AGENT_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "agent/os_arch.h"

#define tenure__syscall0(n) tenure__syscall6(n, 0, 0, 0, 0, 0, 0)
#define tenure__syscall1(n, a) tenure__syscall6(n, (long)(a), 0, 0, 0, 0, 0)
#define tenure__syscall2(n, a, b)                                              \
    tenure__syscall6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define tenure__syscall3(n, a, b, c)                                           \
    tenure__syscall6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define tenure__syscall4(n, a, b, c, d)                                        \
    tenure__syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define tenure__syscall5(n, a, b, c, d, e)                                     \
    tenure__syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
                     0)

/* Initial-exec: one load relative to the thread pointer, never a call into
 * the loader, which could allocate. The whole agent keeps to 64 bytes of it
 * (the private jemalloc has its own), since static TLS is scarce. */
#define TENURE_TLS __thread __attribute__((tls_model("initial-exec")))

#define tenure__likely(x) __builtin_expect(!!(x), 1)
#define tenure__unlikely(x) __builtin_expect(!!(x), 0)

/* Fresh zeroed memory that costs nothing until it is touched, or NULL. Not
 * from any heap; give it back with tenure__os_unmap. */
void *tenure__os_map(size_t bytes);
/* The same in large pages where the kernel gives them: for what is looked up
 * at random and used from end to end. */
void *tenure__os_map_large(size_t bytes);
void tenure__os_unmap(void *start, size_t bytes);

/* The same, but read-only until a part is committed: a table that may grow
 * large counts towards RLIMIT_DATA only as far as it is used. */
void *tenure__os_reserve(size_t bytes);
/* Makes whole pages that hold [start, start + bytes) writable. 0 or a
 * negative errno value. May be called again for the same range. */
int tenure__os_commit(void *start, size_t bytes);

/* The agent's own memory, range by range: what tenure__os_map gave and
 * tenure__os_mine was told of. Lock-free. False: `index` is past the last.
 * An empty range (start = end) is a hole in the list. */
struct tenure__range {
    uint64_t start, end;
};
bool tenure__os_mapped(uint32_t index, struct tenure__range *range);
void tenure__os_mine(uint64_t start, uint64_t bytes);
void tenure__os_not_mine(uint64_t start, uint64_t bytes);

uint64_t tenure__os_monotonic_ns(void);
uint64_t tenure__os_realtime_ns(void);
int tenure__os_pid(void);
int tenure__os_tid(void);
size_t tenure__os_page_bytes(void);

/* A value of the auxiliary vector (AT_...), 0 if there is none. */
uint64_t tenure__os_auxiliary(uint64_t type);

#endif
