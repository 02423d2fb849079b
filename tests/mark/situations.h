/*
 * Situations for the mark: a program that leaks, or does not, in one way.
 *
 *   situations --list
 *   situations NAME
 *
 * Prints "BLOCKS BYTES", what has to be lost at its end, and takes three
 * major snapshots on the way. What is set up runs in a function of its own,
 * whose frame is gone, and overwritten, when the first is taken.
 */
#ifndef TENURE_TESTS_MARK_SITUATIONS_H
#define TENURE_TESTS_MARK_SITUATIONS_H

#include <stddef.h>
#include <stdint.h>

struct situation {
    const char *name;
    int lost_blocks, lost_bytes;
    void (*set_up)(void);
};

/* Each ends with an entry without a name. */
extern const struct situation situations_held[];   /* nothing is lost */
extern const struct situation situations_hidden[]; /* held out of sight */
extern const struct situation situations_thread[]; /* held by threads */
extern const struct situation situations_lost[];
extern const struct situation situations_noted[]; /* what it says counts */

/* A block nobody has pointed to before, filled with something that is no
 * pointer. */
void *block_of(size_t bytes);

/* Runs fn in a thread and waits until it calls stay(), which never returns
 * while snapshots are taken, or ends. */
void in_thread(void *(*fn)(void *));
void stay(void);

/* Overwrites what is left of ended calls below our frame. */
void scrub(void);

#define NOINLINE __attribute__((noinline, noclone))

#endif
