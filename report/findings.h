/*
 * What a report of a trend lists: accused sites first, the worst class and
 * the fastest first, related ones folded under one leader; then the others
 * that changed.
 */
#ifndef TENURE_REPORT_FINDINGS_H
#define TENURE_REPORT_FINDINGS_H

#include "report/stack.h"
#include "report/verdict.h"

/* Accused sites that are compared for folding at most; in a longer list the
 * rest stand alone. */
#define TENURE_FINDINGS_FOLDED 512u

struct tenure_finding {
    const struct tenure_site *site;
    const struct tenure_site_verdict *verdict;
    bool mapping;     /* of mmap, not of a block allocator */
    uint32_t leader;  /* index of the finding it is shown with; often its own */
    uint32_t members; /* of a leader: how many it leads, without itself */
    uint32_t above;   /* index + 1 of the one whose lost blocks these, which
                         are lost as well, are below; 0 = none */
    /* Of its stack in the source, thread and class included: equal for two
     * calls in one line, as an unrolled loop has them. 0 = not known. */
    uint64_t source;
};

struct tenure_findings {
    struct tenure_finding *at;
    uint32_t count;
    uint32_t accused; /* the first so many are */
    uint32_t leaders; /* of the accused: those that are shown themselves */
};

/* All sites and mappings of the series that are accused or changed. Wants
 * and resolves the names of the accused. Free with tenure_findings_drop(). */
void tenure_findings_make(struct tenure_findings *findings,
                          const struct tenure_judgement *judgement,
                          struct tenure_symbols *symbols);
void tenure_findings_drop(struct tenure_findings *findings);

#endif
