/*
 * The verdict on a whole series: every site judged, first alone, then with
 * those that it trades places with.
 */
#ifndef TENURE_REPORT_VERDICT_H
#define TENURE_REPORT_VERDICT_H

#include "report/series.h"
#include "report/verdict_rules.h"

struct tenure_judgement {
    const struct tenure_series *series;
    struct tenure_site_verdict *sites;    /* as in series->sites.at */
    struct tenure_site_verdict *mappings; /* as in series->mappings.at */
};

/* Judges; the series must outlive the judgement. Thread-safe. */
void tenure_judge(struct tenure_judgement *judgement,
                  const struct tenure_series *series);
void tenure_judgement_drop(struct tenure_judgement *judgement);

/* Of a site (or mapping) of the series. */
const struct tenure_site_verdict *
tenure_verdict_of(const struct tenure_judgement *judgement,
                  const struct tenure_site *site);

#endif
