/*
 * The functions behind ours: for each name in hooks.def the definition that
 * the program would have had without us.
 *
 * Found by reading the loader's list of objects and their symbol tables
 * directly, not by dlsym(), which takes the loader's lock and may allocate:
 * so the first hook that is called can do it, in whatever state the process
 * is. Thread-safe (each thread finds the same) and async-signal-safe.
 */
#ifndef TENURE_PRELOAD_REAL_H
#define TENURE_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tenure__real {
#define X(result, name, parameters) result(*name) parameters;
#include "preload/hooks.def"
#undef X
};
extern __attribute__((visibility("hidden"))) struct tenure__real tenure__real;

/* Finds them; TENURE_TRACK_READY says that it was done. */
void tenure__real_find(void);

/* What the library knows of the allocator it stands before. */
struct tenure__allocator {
    char name[32];       /* glibc, jemalloc, tcmalloc, mimalloc, or file */
    uint64_t start, end; /* where it is mapped */
    bool own_operators;  /* its C++ operators do not go through malloc */
    bool in_program;     /* the program defines malloc: we see nothing */
};
extern __attribute__((
    visibility("hidden"))) struct tenure__allocator tenure__allocator;

#endif
