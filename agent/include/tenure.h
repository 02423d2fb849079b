/*
 * tenure.h - what a program may tell the leak detector about itself.
 *
 * Every function is a weak symbol: test it before the call, or use the
 * tenure_take_snapshot() below, and the program links and runs the same
 * without the agent. Thread-safe; not async-signal-safe.
 */
#ifndef TENURE_H
#define TENURE_H

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

/* The first, and nothing at all where the agent is not loaded. */
static inline int tenure_take_snapshot(const char *label)
{
    return tenure_snapshot ? tenure_snapshot(label) : 0;
}

#ifdef __cplusplus
}
#endif

#endif
