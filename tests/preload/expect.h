/*
 * The lines for the driver in a victim's top comment:
 *
 *   expect: exit N               its exit status (default 0)
 *   expect: signal N             it dies of this signal
 *   expect: live F BLOCKS BYTES  its last snapshot has these live below the
 *                                function F; a number may be "any"
 *   expect: allocated N          allocated_blocks of its last snapshot, within
 *                                one in a thousand
 *   expect: nodes N             its last snapshot counts at most so many nodes
 *                                of the call tree
 *   expect: processes N          so many processes left snapshots
 *   expect: snapshots none       its first process may leave none; `processes`
 *                                after this line still counts the others
 *   expect: dropped any          records may have been dropped, and the last
 *                                snapshots not been written
 *   expect: missed any           blocks may have been freed unseen
 *   expect: unseen NAME          the blocks of this library, and of no other,
 *                                are said to be unseen
 *   expect: counted N            so many calls between the snapshots that it
 *                                labels "before" and "after"
 *   expect: held F BLOCKS        each snapshot that it labels "held" has at
 *                                least so many live below the function F
 *   expect: whole                no stack is cut short
 *   expect: verify               one more run compares each stack with
 *                                libunwind's (with libc's allocator)
 *   expect: major                one more run takes major snapshots
 *   expect: root                 run only by root (others pass at once)
 *
 * Read once at start; nothing is freed before the driver ends.
 */
#ifndef TENURE_TESTS_EXPECT_H
#define TENURE_TESTS_EXPECT_H

#include <stdbool.h>

enum { EXPECT_LIVE_MAX = 16, EXPECT_ANY = -1 };

struct expect_live {
    char function[64];
    long blocks, bytes; /* or EXPECT_ANY */
};

struct expect {
    int exit_status; /* -1 when a signal is expected */
    int signal;      /* 0 = none */
    bool no_snapshots, may_drop, may_miss, verify, major, root, whole;
    int processes;
    long allocated, counted, nodes; /* EXPECT_ANY = not said */
    char unseen[64];                /* "" = none */
    struct expect_live held;        /* blocks 0 = not said */
    int live_count;
    struct expect_live live[EXPECT_LIVE_MAX];
};

/* Reads the comment of `source`. 0, or -1 after saying on stderr why not. */
int expect_read(struct expect *expect, const char *source);

#endif
