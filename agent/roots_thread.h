/*
 * Where a thread's own block lies on its stack, as glibc lays them out: the
 * descriptor (struct pthread) and thread-local storage. One file for each
 * machine implements it. For roots.c, in the walker.
 */
#ifndef TENURE_AGENT_ROOTS_THREAD_H
#define TENURE_AGENT_ROOTS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ranges.h"

/* Bytes of a thread's descriptor, rounded up. */
#define TENURE_PTHREAD_BYTES 4096u

/* Where the own block of a thread ends, up to a page. Nothing below `start`
 * is read. */
uint64_t tenure__thread_end(uint64_t thread_pointer, uint64_t start);

/* The stack, of a thread living or not, that fills the upper end of the
 * mapping, its own block included, and its thread pointer (0 = unknown).
 * False: it is no thread's stack. */
bool tenure__thread_stack(uint64_t start, uint64_t end,
                          struct tenure__range *stack,
                          uint64_t *thread_pointer);

#endif
