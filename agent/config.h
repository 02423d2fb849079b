/*
 * What the user asked for: TENURE_OPTIONS=key=value:key=value, with the same
 * names as the options of `tenure run`. Parsed once, before tracking starts;
 * read-only afterwards. An option that is not understood is left out and
 * counted (bad_options), and named in the snapshot: the service runs on.
 */
#ifndef TENURE_AGENT_CONFIG_H
#define TENURE_AGENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"

struct tenure__config {
    char dir[TENURE_PATH_BYTES];    /* as given; made absolute at start */
    char trace[TENURE_PATH_BYTES];  /* file of the minor report, or "" */
    char ledger[TENURE_PATH_BYTES]; /* of a check (ledger.h), or "" */
    uint64_t every_ns;              /* 0 = not by time */
    uint64_t every_bytes;           /* 0 = not by bytes */
    uint64_t sample_bytes;          /* 0 = exact */
    uint32_t depth;
    uint32_t verify_every; /* 0 = never */
    uint32_t leader;       /* with follow=none: the one process tracked */
    bool major, objects, follow_children, dormant, self_test;
    bool urgent; /* marks are not done at idle priority: a test waits for it */
    uint32_t bad_options;
    char bad_text[TENURE_BAD_TEXT_BYTES]; /* which, as many as fit */
};

void tenure__config_parse(struct tenure__config *config, const char *options);

#endif
