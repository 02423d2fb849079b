/*
 * The verdict of one site, as pure functions of its population.
 *
 * Idea: a block that survives is evidence only once it is old enough to be
 * judged (tenured, of age >= A generations). A leak is a site whose tenured
 * blocks do not die, in most generations, up to the newest. Every number a
 * rule compares with stands in TENURE_RULES below, and nowhere else.
 *
 * The same population gives the same verdict, byte for byte: no clock, no
 * hash order, no randomness. Thread-safe; nothing is allocated or kept.
 */
#ifndef TENURE_REPORT_VERDICT_RULES_H
#define TENURE_REPORT_VERDICT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/population.h"
#include "report/verdict_matrix.h"

/* X(name, value, "meaning", "source"). "tuned" = on the simulator's tuned
 * families (tests/unit/simulation_tuned.c), never on the untuned ones. */
#define TENURE_RULES(X)                                                        \
    X(suspect_snapshots, 3, "snapshots before anything is suspected",          \
      "one-sided Mann-Kendall: three can never be significant")                \
    X(leak_snapshots, 4, "snapshots before a leak is called one",              \
      "best p at 4 is 0.042")                                                  \
    X(few_snapshots, 5, "up to here start-up cannot be told apart", "tuned")   \
    X(few_exposures, 100, "exposures that make up for a third generation",     \
      "tuned")                                                                 \
    X(advised_snapshots, 8, "snapshots we advise", "simulation")               \
    X(sparse_snapshots, 10, "snapshots before a burst leak is called one",     \
      "three bursts, one every third generation")                              \
    X(sparse_survivors, 8, "survivors before a burst leak is called one",      \
      "libevent's slots again, the last five of 64 in 13 generations")         \
    X(exposures, 6, "exposures of tenured blocks before A is used", "tuned")   \
    X(survivors, 3, "tenured survivors before A is used", "tuned")             \
    X(survivors_leak, 4, "the same, leak", "tuned")                            \
    X(few_survivors, 20, "survivors that make up for missing generations",     \
      "tuned; libevent's nine events, one for each descriptor and thread")     \
    X(many_judged, 6, "judged generations, leak from fewer survivors",         \
      "tuned")                                                                 \
    X(hazard, 0.05, "deaths per exposure of tenured blocks, at most",          \
      "V8 pretenures at 0.85 survival; tuned")                                 \
    X(hazard_bound_leak, 0.25, "its 95 % upper bound, leak", "tuned")          \
    X(hazard_bound_old, 0.15, "the same where the first ages do die", "tuned") \
    X(hazard_bound_suspect, 0.35, "its 95 % upper bound, suspect", "tuned")    \
    X(turnover_leak, 0.25, "tenured deaths per newly tenured, leak", "tuned")  \
    X(turnover_suspect, 0.5, "the same, suspect", "tuned")                     \
    X(residue, 0.25, "share of the median residue that counts as one",         \
      "tuned")                                                                 \
    X(cover_leak, 0.6, "share of generations with a residue, leak", "tuned")   \
    X(cover_regular, 0.4, "the same where they come regularly", "tuned")       \
    X(regular, 1.25, "longest distance over the mean one, of regular ones",    \
      "every second and every third generation, off by one")                   \
    X(cover_suspect, 0.4, "the same, suspect", "tuned")                        \
    X(cover_sparse, 0.25, "the same for a burst leak", "every third, less 1")  \
    X(sparse_bound, 0.15, "hazard's upper bound for a burst leak", "tuned")    \
    X(spike, 3, "times the median: more is a spike and counts as this much",   \
      "a start-up or a reload must not decide")                                \
    X(startup_cohorts, 2, "spikes at the start that may be left out", "tuned") \
    X(late_share_leak, 0.5, "mean residue, later half over earlier", "tuned")  \
    X(late_share_suspect, 0.4, "the same, suspect", "tuned")                   \
    X(decline_z, -2, "standard errors of a decline that is no chance",         \
      "one-sided 2.3 %")                                                       \
    X(better_fit, 2, "residual variance of the worse over the better model",   \
      "tuned")                                                                 \
    X(decline_share, 0.65, "later half over earlier of a decline, surely",     \
      "tuned")                                                                 \
    X(decline_no_z, -0.9, "the same: above it a decline may be chance",        \
      "one-sided 18 %; tuned; also where the later half must decline")         \
    X(decline_some_z, -1.28, "the same, where so little is left over",         \
      "one-sided 10 %")                                                        \
    X(held, 2, "newest generations without residue: growth has stopped",       \
      "more than the longest gap before them")                                 \
    X(held_expected, 5, "blocks expected where one generation shows none",     \
      "Poisson: e^-5 < 1 %")                                                   \
    X(reload, 0.9, "share of the oldest that goes at once in a reload",        \
      "chosen")                                                                \
    X(balanced, 0.5, "deaths over births that balance",                        \
      "research, turnover balance")                                            \
    X(clearing, 0.5, "share of the old that dies at once in a clearing",       \
      "tuned")                                                                 \
    X(traded, 0.5, "of what a site grew, what its relations gave way",         \
      "chosen")                                                                \
    X(container, 0.9, "share of the newest cohort held by one block",          \
      "one container may be a cache")                                          \
    X(container_each, 1.02, "blocks for each word of a container that bounds", \
      "chains: 1.13 where a fourth of the buckets is full")                    \
    X(container_full, 0.25, "words that must be filled to tell that",          \
      "emptier ones have hardly a chain yet")                                  \
    X(grown_bytes, 10240, "bytes a block must have grown by realloc",          \
      "memlab's unbound-object")                                               \
    X(grown_fall, 0.25, "of what it grew, what it may have shrunk", "tuned")   \
    X(grown_share, 0.5, "of the site's growth, what realloc must explain",     \
      "otherwise the new blocks are the story")                                \
    X(pool_blocks, 8, "a pool has at most these blocks", "research")           \
    X(pool_block_bytes, 65536, "of at least this size", "research")            \
    X(one_off_share, 0.8, "of the growth, the share of one cohort", "tuned")   \
    X(drained, 0.5, "share of the rise left when a backlog has drained",       \
      "memlab's settle check: 'mostly drained'")                               \
    X(flat, 0.1, "relative change that is none", "chosen")                     \
    X(flat_bytes, 4096, "absolute change that is none", "a page")

extern const struct tenure_rules {
#define X(name, value, meaning, source) double name;
    TENURE_RULES(X)
#undef X
} tenure_rules;

enum tenure_site_class {
    TENURE_CLASS_UNKNOWN, /* too few snapshots to say anything */
    TENURE_CLASS_LOST,
    TENURE_CLASS_GROWN,
    TENURE_CLASS_LEAK,
    TENURE_CLASS_UNBOUNDED,
    TENURE_CLASS_SUSPECT,
    TENURE_CLASS_WARMING,
    TENURE_CLASS_CACHE,
    TENURE_CLASS_BACKLOG,
    TENURE_CLASS_ONE_OFF,
    TENURE_CLASS_POOL,
    TENURE_CLASS_STEADY,
    TENURE_CLASS_SHRINKING,
    TENURE_CLASS_COUNT
};

/* The leak test at one tenure age. Counts are of blocks in an exact run and
 * of samples in a sampled one. */
struct tenure_leak_test {
    uint32_t age;       /* A */
    uint32_t skipped;   /* oldest cohorts left out as start-up */
    double exposures;   /* n: blocks of age >= A, one for each interval */
    double deaths;      /* d: those that died in it */
    double hazard;      /* d / n */
    double bound;       /* 95 % upper bound of the hazard */
    uint32_t judged;    /* generations old enough, or empty */
    uint32_t surviving; /* of them, those with a residue */
    double survivors;   /* their blocks alive at the end */
    double inflow;      /* newly tenured per generation */
    double turnover;    /* tenured deaths per interval over inflow */
    double late_share;  /* mean residue of the later half / earlier half */
    double decline_z;   /* its difference in standard errors, < 0: less */
    double later_z;     /* the same inside the later half */
    uint32_t held;      /* newest generations without residue */
    uint32_t gap;       /* the longest such run before them */
    uint32_t clearings; /* intervals in which most old blocks went at once */
    uint32_t balanced;  /* newest intervals whose deaths balance the inflow */
    enum tenure_leak_level {
        TENURE_LEAK_NO,
        TENURE_LEAK_SUSPECT,
        TENURE_LEAK_SPARSE, /* bursts: rarer than every other generation */
        TENURE_LEAK_YES
    } level;
};

/* Growth of living blocks by realloc. */
struct tenure_growth_test {
    uint32_t intervals;  /* between judged snapshots */
    uint32_t rising;     /* of them, those with growth */
    double rises, falls; /* bytes, summed */
    double late_share;
    uint32_t held;   /* newest intervals without growth */
    bool same_block; /* one block grew three times running */
    bool steady;     /* often, going on, and the site's own growth */
    bool grown;      /* steady, and by enough */
};

struct tenure_site_verdict {
    enum tenure_site_class class;
    double confidence;            /* 0..1 */
    uint32_t snapshots;           /* judged: running, inside the window */
    struct tenure_leak_test test; /* the one that decided; age 0 = none */
    struct tenure_growth_test growth;
    uint64_t lost_blocks, lost_bytes;
    struct tenure_hanging hanging;    /* of the lost ones */
    double rate, rate_low, rate_high; /* bytes per second */
    double plateau_bytes;             /* warming: where it ends; 0 = unknown */
    double seconds_to_limit;          /* at this rate; 0 = none in sight */
    bool traded; /* cleared by sites that shrank as this one grew */
};

/* Are all its blocks held by one container, as far as is known? */
bool tenure_is_held(const struct tenure_population *population);

/* And does that bound them: it was there before them, was never resized, and
 * each of them takes a word of it? Then it is like a cache that has not met
 * its cap; it may be a leak that will meet it. A list, a tree, a chained hash
 * and a table that grows are held by one container as well, and bound
 * nothing: that is how most leaks are held. */
bool tenure_is_bounded(const struct tenure_population *population);

/* The name in text and JSON: "leak", "one-off" ... */
const char *tenure_class_name(enum tenure_site_class class);

/* From lost to suspect: something to look at. */
bool tenure_class_accuses(enum tenure_site_class class);

/* Judges one site, or several as if they were one. `scratch` is overwritten;
 * it is passed in because it is large. */
void tenure_judge_site(const struct tenure_population *const *populations,
                       uint32_t count, struct tenure_matrix *scratch,
                       struct tenure_site_verdict *verdict);

/* The sentence that goes with it, into `text` (always terminated). */
void tenure_verdict_text(const struct tenure_site_verdict *verdict,
                         const struct tenure_population *population, char *text,
                         size_t text_bytes);

/* Blocks of the last snapshot of the running program that the one at its end
 * does not have any more, and how many there were; true if all went. */
bool tenure_freed_at_end(const struct tenure_population *population,
                         uint64_t *freed, uint64_t *of);

/* Fills what a verdict says of lost blocks, and the sentence for it. */
void tenure_take_lost(const struct tenure_population *const *populations,
                      uint32_t count, struct tenure_site_verdict *verdict);
struct tenure_words;
void tenure_say_lost(struct tenure_words *words,
                     const struct tenure_site_verdict *verdict,
                     const struct tenure_population *population);

/* The parts, for --explain and unit tests. */
void tenure_leak_test(const struct tenure_matrix *matrix, uint32_t age,
                      uint32_t skipped, struct tenure_leak_test *test);
bool tenure_leak_is_regular(const struct tenure_leak_test *test);
void tenure_leak_best(const struct tenure_matrix *matrix,
                      struct tenure_leak_test *best);
void tenure_growth_test(const struct tenure_matrix *matrix,
                        const struct tenure_population *population,
                        struct tenure_growth_test *test);

/* What a site is whose tenured blocks do not accuse it. */
enum tenure_site_class tenure_benign_shape(const struct tenure_matrix *matrix,
                                           const struct tenure_leak_test *test);

#endif
