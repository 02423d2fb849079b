/*
 * Which C++ operators must report their blocks themselves.
 *
 * libstdc++'s and libc++'s call malloc and free, which are hooked; allocators
 * bring operators of their own, of which some do the work themselves and
 * others call the allocator's C functions, where the hooks see the block. It
 * depends on the allocator, its version and how it was linked.
 */
#ifndef TENURE_PRELOAD_OPERATORS_H
#define TENURE_PRELOAD_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* True for an operator that reaches no hook; by the names of hooks.def. */
struct tenure__operators {
#define X(result, name, parameters) bool name;
#include "preload/hooks.def"
#undef X
};
extern struct tenure__operators tenure__operators;

/* Tries each operator of the allocator once. Before tracking begins, while
 * the process has one thread. */
void tenure__operators_try(void);

#endif
