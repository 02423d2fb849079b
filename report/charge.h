/*
 * A charge: a finding as the gate sees it, with the names of its stack and
 * what is to be made of it. Plain data, which tenure check and its output
 * formats talk about.
 *
 * Everything belongs to the list it is in. Read-only once the gate has
 * decided; thread-safe from then on.
 */
#ifndef TENURE_REPORT_CHARGE_H
#define TENURE_REPORT_CHARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/verdict_rules.h"

struct tenure_site;
struct tenure_rule;

struct tenure_charge_frame {
    const char *function; /* demangled, without parameters; "" = unknown */
    const char *file;     /* "" = unknown */
    const char *module;   /* path; "" = none */
    uint64_t offset;      /* in the module */
    uint32_t line;        /* 0 = unknown */
    bool inlined;         /* into the frame that follows */
};

struct tenure_charge_stack {
    const struct tenure_charge_frame *at; /* innermost first */
    uint32_t depth;
    uint32_t title; /* the frame that wanted the memory */
};

/* What the gate makes of it. */
enum tenure_charge_state {
    TENURE_CHARGE_FAILS,
    TENURE_CHARGE_ALLOWED, /* the policy lets it pass */
    TENURE_CHARGE_KNOWN,   /* in the baseline, and no worse than there */
    TENURE_CHARGE_SUPPRESSED,
};

struct tenure_charge {
    uint64_t id; /* the site's, stable across builds and machines */
    enum tenure_site_class class;
    double confidence; /* 0..1 */
    const char *evidence;
    struct tenure_charge_stack stack;
    struct tenure_charge_stack grown_by; /* depth 0: nothing */
    const char *held_by; /* the way that holds most of it; NULL = unknown */
    const char *thread;
    const char *since;   /* "generation 3, 12 s after the start" */
    const char *process; /* "redis-server (PID 12)" */
    /* What it is accused of: lost blocks of class lost, grown bytes of class
     * grown, else what was alive in the last snapshot before the end. */
    uint64_t blocks, bytes;
    uint64_t below_blocks, below_bytes;       /* lost with them, of any site */
    uint64_t indirect_blocks, indirect_bytes; /* of the blocks: below others */
    bool freed_at_end;       /* all of it, as the program ended */
    double error_bytes;      /* standard error of an estimate, or 0 */
    uint64_t work;           /* allocations of the process meanwhile */
    double rate;             /* bytes per second; 0 = unknown */
    double seconds_to_limit; /* 0 = none in sight */
    uint32_t leader;         /* index of the charge it is shown with */
    uint32_t members;        /* of a leader: how many, without itself */
    uint32_t above; /* index + 1 of the charge whose lost blocks these are
                       below, which comes before it; 0 = none */
    enum tenure_charge_state state;
    const char *because;            /* of its state; "" if it just fails */
    const struct tenure_rule *rule; /* of a suppressed one */
    const struct tenure_site *site; /* in its series */
    /* Sites whose stacks are equal in the source, and that are counted with
     * it: two calls in one line, as an unrolled loop has them. */
    const struct tenure_site **others;
    uint32_t other_count;
};

/* Is it about this site? */
bool tenure_charge_is_of(const struct tenure_charge *charge,
                         const struct tenure_site *site);

/* The function that wanted the memory; never empty. */
const char *tenure_charge_title(const struct tenure_charge *charge);

/* The innermost frame, from the title outwards, whose source is known and is
 * the program's own rather than the system's; NULL if there is none. */
const struct tenure_charge_frame *
tenure_charge_place(const struct tenure_charge *charge);

/* Frames without those by which every thread starts; never the title. */
uint32_t tenure_charge_depth(const struct tenure_charge_stack *stack);

/* "server+0x12f3", which is what a frame without a name is known by. */
const char *tenure_charge_frame_place(const struct tenure_charge_frame *frame,
                                      char *text, size_t bytes);

/* The line of a suppression file that would suppress it; returns `text`. */
const char *tenure_charge_suppression(const struct tenure_charge *charge,
                                      char *text, size_t bytes);

/* "fails", "allowed", "known", "suppressed". */
const char *tenure_charge_state_name(enum tenure_charge_state state);

#endif
