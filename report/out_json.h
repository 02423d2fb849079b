/*
 * The two parts of a report as JSON, between which a command puts its
 * verdict and reasons. The object is the caller's.
 */
#ifndef TENURE_REPORT_OUT_JSON_H
#define TENURE_REPORT_OUT_JSON_H

#include "report/json.h"
#include "report/view.h"

/* From "schema" to "snapshots". */
void tenure_json_head(struct tenure_json *json, const char *command,
                      const struct tenure_view *view);

/* From "totals" to the end; resolves names. */
void tenure_json_body(struct tenure_json *json, struct tenure_view *view);

/* "objects": the single blocks of the first snapshot, which lists them; of
 * the site that view->explain begins, if there is one. */
void tenure_json_objects(struct tenure_json *json, struct tenure_view *view);

/* Members of an object: what lost_blocks do not tell of a snapshot; a site's
 * lost blocks in the last snapshot, as the columns of what is alive. */
void tenure_json_kinds(struct tenure_json *json,
                       const struct tenure_snapshot *snapshot);
void tenure_json_lost(struct tenure_json *json, const struct tenure_site *of);

#endif
