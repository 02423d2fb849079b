/*
 * What a wary walk may read.
 *
 * tenure__memory_readable() asks the kernel about the 8 bytes at an address
 * without any effect; tenure__memory_home() finds how far the thread's own
 * stack reaches from `sp`, if sp is on it. Async-signal-safe.
 */
#ifndef TENURE_AGENT_UNWIND_MEMORY_H
#define TENURE_AGENT_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

bool tenure__memory_readable(uint64_t address);

/* True with [*low, *high) around sp if every page from sp to the end of the
 * thread's native stack is readable; they stay so while the thread lives. */
bool tenure__memory_home(uint64_t sp, uint64_t *low, uint64_t *high);

/* Can there be no frame further out than one at sp? On the first thread's
 * stack only. */
bool tenure__memory_outermost(uint64_t sp);

#endif
