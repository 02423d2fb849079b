/*
 * The functions behind ours: for each name in hooks.def the definition that
 * the program would have had without us.
 *
 * Found by reading the loader's list of objects and their symbol tables
 * directly, not by dlsym(), which allocates and knows nothing of what a
 * plugin brought along for itself.
 */
#ifndef TENURE_PRELOAD_REAL_H
#define TENURE_PRELOAD_REAL_H

#include <signal.h>
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

/* Finds them; TENURE_TRACK_READY says that it was done. In the first hook or
 * constructor that runs, while there is one thread: takes no lock. */
void tenure__real_find(void);

/* For a function that was not there at the start, and came with a plugin:
 * finds it among what is loaded now, NULL if it is nowhere, and remembers it
 * in its place in tenure__real. Thread-safe; takes the loader's lock, as an
 * exception does. */
void *tenure__real_find_late(const char *name, void **slot);

/* Around the real dlclose(): what came with plugins is forgotten. */
void tenure__real_unload(bool begins);

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
