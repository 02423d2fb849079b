/*
 * The live blocks, as the mark wants them: for major.c, in the walker.
 */
#ifndef TENURE_AGENT_MAJOR_SOURCE_H
#define TENURE_AGENT_MAJOR_SOURCE_H

#include "agent/mark_index.h"
#include "agent/ranges.h"

struct tenure__major_source {
    struct tenure__ranges readable; /* memory that exists here */
    uint8_t *root_site;             /* by site: unknown, yes, no */
    uint32_t sites;
    uint64_t loader_start, loader_end;
    uint64_t unreadable; /* blocks left out at the last visit */
};

/* 0 or -ENOMEM. */
int tenure__major_source_open(struct tenure__major_source *source);

struct tenure__mark_source
tenure__major_blocks(struct tenure__major_source *source);

#endif
