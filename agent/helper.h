/*
 * The helper thread: where everything slow happens.
 *
 * It is a raw clone() of the process' memory, not a pthread: glibc does not
 * know it, so a single-threaded service keeps glibc's single-threaded fast
 * paths, and it can be started in a forked child whatever locks the parent
 * held. It has a descriptor table of its own (empty at start): no
 * descriptor of the service is ever used, moved or kept open. All signals
 * are blocked in it. It has a minimal thread-local block of its own, in which
 * only libtenure's variables and errno exist: it calls nothing of libc but
 * mem* and str* functions, and the private jemalloc.
 */
#ifndef TENURE_AGENT_HELPER_H
#define TENURE_AGENT_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Measures this thread's thread-local storage as the model of the helper's.
 * Once, before main(); uses the loader. */
void tenure__helper_open(void (*run)(void));

/* Starts it unless it runs. 0, or a negative errno value (-EPERM: sealed).
 * Async-signal-safe; not in a vfork child. */
int tenure__helper_start(void);

/* Makes its ppoll on tenure__helper_wake_fd() return. Async-signal-safe,
 * takes no lock. */
void tenure__helper_wake(void);

/* From now on no thread of the service makes a system call to wake it (a
 * seccomp filter might not like that): it looks for work by itself. */
void tenure__helper_watch(void);
bool tenure__helper_watching(void);

/* Its descriptors are the service's after all (under some emulators): it
 * keeps none open, so there is no control socket either. */
bool tenure__helper_shares_files(void);

/* Asks it to end and waits for that, at most timeout_ms; it may take longer.
 * Waits by futex and makes no other system call. */
void tenure__helper_stop(uint32_t timeout_ms);
bool tenure__helper_ending(void);

/* From now on none is started, neither here nor in forked children: it would
 * be subject to the filter of the thread that starts it. */
void tenure__helper_seal(void);

/* Has it privileges that the calling thread has given up? */
bool tenure__helper_exceeds_caller(void);

/* In a forked child: there is none here. */
void tenure__helper_after_fork(void);

/* Of a thread of the service: where the agent's own variables begin, from the
 * thread pointer, and their size; where struct pthread holds the tid, 0 if
 * that is unknown. */
void tenure__helper_tls(int64_t *offset, size_t *bytes);
int64_t tenure__helper_tid_offset(void);

/* For the helper itself. */
bool tenure__helper_should_stop(void);
int tenure__helper_wake_fd(void);
void tenure__helper_wake_read(void);
int tenure__helper_tid(void);

#endif
