/*
 * What is known of glibc's memory without asking glibc: its chunk headers
 * (malloc/malloc.c, arena.c). For roots.c, in the walker.
 */
#ifndef TENURE_AGENT_ROOTS_GLIBC_H
#define TENURE_AGENT_ROOTS_GLIBC_H

#include "agent/mark_index.h"
#include "agent/ranges.h"

/* Adds the parts of the anonymous mapping [start, end) that are its heap. */
void tenure__glibc_heap(const struct tenure__index *index, uint64_t start,
                        uint64_t end, struct tenure__ranges *heap);

/* Where a thread that has ended keeps what pthread_join() is still to return;
 * 0: it is not to be joined, or nobody knows. */
uint64_t tenure__glibc_result(uint64_t thread);

#endif
