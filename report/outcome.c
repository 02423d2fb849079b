/*
 * Reasons not to conclude anything. Inconclusive is never green.
 */
#include "report/outcome.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/command.h"

enum { JUDGED_SNAPSHOTS = 3 };

static char *next(struct tenure_outcome *outcome)
{
    outcome->verdict = TENURE_VERDICT_INCONCLUSIVE;
    return outcome->reasons[outcome->reason_count++];
}

void tenure_outcome_of(struct tenure_outcome *outcome,
                       const struct tenure_series *series)
{
    const size_t room = sizeof outcome->reasons[0];
    uint32_t count = series->timeline.count;
    const struct tenure_snapshot *last = &series->snapshots[count - 1];
    uint64_t dropped = tenure_snapshot_dropped(last);
    *outcome = (struct tenure_outcome){0};
    if (dropped > 0)
        snprintf(next(outcome), room,
                 "the agent dropped %" PRIu64 " records, so blocks are "
                 "missing from the counts", dropped);
    if (tenure_snapshot_value(last, TENURE_VALUE_ALLOCATED_BLOCKS) == 0)
        snprintf(next(outcome), room,
                 "the agent saw no allocation; see tenure doctor");
    if (count < JUDGED_SNAPSHOTS)
        snprintf(next(outcome), room,
                 "%s a verdict needs 4 or more of one process",
                 count == 1 ? "one snapshot shows no growth;"
                            : "two snapshots show what changed, not a trend;");
    else
        snprintf(next(outcome), room, "the trend was not judged");
}

const char *tenure_verdict_name(enum tenure_verdict verdict)
{
    static const char *const names[] = {
        [TENURE_VERDICT_CLEAN] = "clean",
        [TENURE_VERDICT_LEAK] = "leak",
        [TENURE_VERDICT_INCONCLUSIVE] = "inconclusive"};
    return names[verdict];
}

int tenure_verdict_status(enum tenure_verdict verdict)
{
    return verdict == TENURE_VERDICT_LEAK    ? TENURE_EXIT_LEAK
           : verdict == TENURE_VERDICT_CLEAN ? TENURE_EXIT_OK
                                             : TENURE_EXIT_INCONCLUSIVE;
}
