/*
 * tenure.h - what a program may tell the leak detector about itself.
 *
 * Every function is a weak symbol: test it before the call, or use the
 * tenure_take_snapshot() below, and the program links and runs the same
 * without the agent. Thread-safe; not async-signal-safe.
 */
#ifndef TENURE_H
#define TENURE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Takes a snapshot and closes the generation, under an optional label (at
 * most 127 bytes; NULL for none). Returns when the file is in place: its
 * number (1, 2, ...), or a negative errno value. */
__attribute__((weak)) int tenure_snapshot(const char *label);

/* Wakes and quiets the agent, as `tenure start` and `tenure stop` do. */
__attribute__((weak)) void tenure_start(void);
__attribute__((weak)) void tenure_stop(void);

/* This block, given by any address in it, is no loss, and neither is what it
 * holds. The same for all that this thread allocates between begin and end,
 * which nest. */
__attribute__((weak)) void tenure_ignore(const void *block);
__attribute__((weak)) void tenure_ignore_begin(void);
__attribute__((weak)) void tenure_ignore_end(void);

/* Pointers in this memory count, wherever it lies; until it is removed with
 * the same arguments. */
__attribute__((weak)) void tenure_root_add(const void *start, size_t bytes);
__attribute__((weak)) void tenure_root_remove(const void *start, size_t bytes);

/* Takes two major snapshots: 1 if blocks are lost, 0 if none, or a negative
 * errno value, which is not "none": -ENODATA says that no mark could be made
 * (too little memory to spare, usually; the snapshot says why). Programs
 * written for LeakSanitizer may call its functions, __lsan_ignore_object and
 * so on, which do the same; none ends the program, and
 * __lsan_do_recoverable_leak_check is not 0 when it could not look. */
__attribute__((weak)) int tenure_leak_check(void);

/* The first, and nothing at all where the agent is not loaded. */
static inline int tenure_take_snapshot(const char *label)
{
    return tenure_snapshot ? tenure_snapshot(label) : 0;
}

#ifdef __cplusplus
}
#endif

#endif
