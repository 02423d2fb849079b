/*
 * What of the charges fails a check: classes, and how much is tolerated.
 * Pure functions; the texts they make belong to the arena they are given.
 */
#ifndef TENURE_REPORT_POLICY_H
#define TENURE_REPORT_POLICY_H

#include "report/charge.h"
#include "report/memory.h"
#include "report/message.h"
#include "report/options.h"
#include "report/outcome.h"

struct tenure_policy {
    unsigned fail_on; /* a set of TENURE_FAIL_ON() */
    uint64_t min_bytes;
    uint64_t max_lost_bytes;   /* all lost blocks together */
    uint64_t max_growth_bytes; /* per second, all growing sites together */
    uint64_t min_snapshots;    /* judged ones; 0 = as many as a leak needs */
    uint64_t warmup;           /* snapshots at the start */
    const struct tenure_texts *unseen; /* accepted as such; NULL = none */
};

/* The values before any option was read. */
#define TENURE_POLICY_DEFAULT                                                  \
    {                                                                          \
        .fail_on = TENURE_FAIL_ON_DEFAULT                                      \
    }

extern const struct tenure_option_type
    tenure_type_classes, /* unsigned: "lost,leak", "none" */
    tenure_type_rate;    /* uint64_t bytes per second: 10K/s */

/* The rows of an option table for a static struct tenure_policy. */
/* clang-format off */
#define TENURE_POLICY_OPTIONS(policy)                                         \
    {"fail-on", 0, "CLASSES", &(policy).fail_on, &tenure_type_classes, NULL,  \
     "of lost, grown, leak, unbounded, suspect, separated\n"                  \
     "by commas, or none (default lost,grown,leak)"},                         \
    {"min-bytes", 0, "SIZE", &(policy).min_bytes, &tenure_type_size, NULL,    \
     "let a finding of less pass"},                                           \
    {"max-lost", 0, "SIZE", &(policy).max_lost_bytes, &tenure_type_size,      \
     NULL, "let lost blocks pass that are no more together"},                 \
    {"max-growth", 0, "SIZE/s", &(policy).max_growth_bytes,                   \
     &tenure_type_rate, NULL,                                                 \
     "let growth pass that is no more together"},                             \
    {"min-snapshots", 0, "N", &(policy).min_snapshots, &tenure_type_count,    \
     NULL, "conclude from N snapshots (default 4); with 1,\n"                 \
     "lost blocks alone decide"},                                             \
    {"warmup", 0, "N", &(policy).warmup, &tenure_type_count, NULL,            \
     "take what was born before the Nth snapshot as old"}
/* clang-format on */

/* Lets pass what the policy does: sets the state and the reason of charges
 * that would fail. */
void tenure_policy_apply(const struct tenure_policy *policy,
                         struct tenure_charge *charges, size_t count,
                         struct tenure_arena *texts);

#endif
