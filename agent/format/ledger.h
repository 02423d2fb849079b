/*
 * The ledger of a check: which processes began with the agent and ended with
 * a last snapshot, and which programs were executed. A file that `tenure
 * check` makes, all of it on the disk beforehand, and every agent maps: a
 * process that gave up its rights, is in a sandbox or shares its memory with
 * its parent (vfork) can still write to it.
 *
 * Entries are taken in order; one without a kind counts for nothing.
 */
#ifndef TENURE_AGENT_FORMAT_LEDGER_H
#define TENURE_AGENT_FORMAT_LEDGER_H

#include <stdint.h>

enum tenure_ledger_kind {
    TENURE_LEDGER_VOID,
    TENURE_LEDGER_BEGAN,    /* the agent, in this process */
    TENURE_LEDGER_ENDED,    /* with a last snapshot, if it tracked at all */
    TENURE_LEDGER_EXECUTED, /* a program, which should begin next */
};

struct tenure_ledger_entry {
    uint32_t pid;
    uint32_t kind;
    char name[56]; /* of the program, cut if need be */
};

#define TENURE_LEDGER_ENTRIES 65535

struct tenure_ledger {
    uint64_t count; /* of entries asked for; may exceed the room */
    uint64_t unused[7];
    struct tenure_ledger_entry at[TENURE_LEDGER_ENTRIES];
};

#endif
