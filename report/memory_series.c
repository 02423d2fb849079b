/*
 * Memory points from the values that snapshots carry.
 */
#include "report/memory_series.h"

#include <stdlib.h>

struct tenure_memory_point
tenure_memory_point_of(const struct tenure_snapshot *snapshot)
{
    return (struct tenure_memory_point){
        .rss = tenure_snapshot_value(snapshot, TENURE_VALUE_RSS_BYTES),
        .tracked = tenure_snapshot_value(snapshot, TENURE_VALUE_LIVE_BYTES),
        .allocator =
            tenure_snapshot_value(snapshot, TENURE_VALUE_ALLOCATOR_BYTES),
        .mapped = tenure_snapshot_value(snapshot, TENURE_VALUE_MAPPED_BYTES),
        .stacks = tenure_snapshot_value(snapshot, TENURE_VALUE_STACK_BYTES),
        .files = tenure_snapshot_value(snapshot, TENURE_VALUE_FILE_RSS_BYTES),
        .agent = tenure_snapshot_value(snapshot, TENURE_VALUE_AGENT_BYTES),
    };
}

enum tenure_memory_class
tenure_memory_of_series(const struct tenure_series *series,
                        int64_t *growth_bytes)
{
    const struct tenure_timeline *timeline = &series->timeline;
    struct tenure_memory_point *points =
        tenure_zeroed(timeline->count, sizeof *points);
    uint32_t count = 0;
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        if (!timeline->at_exit[i])
            points[count++] = tenure_memory_point_of(&series->snapshots[i]);
    enum tenure_memory_class class = tenure_memory_judge(points, count);
    if (growth_bytes)
        *growth_bytes =
            count ? (int64_t)(points[count - 1].rss - points[0].rss) : 0;
    free(points);
    return class;
}
