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
                        struct tenure_memory_growth *growth)
{
    const struct tenure_timeline *timeline = &series->timeline;
    struct tenure_memory_point *points =
        tenure_zeroed(timeline->count, sizeof *points);
    uint32_t count = 0;
    for (uint32_t i = timeline->base; i < timeline->count; i++)
        if (!timeline->at_exit[i])
            points[count++] = tenure_memory_point_of(&series->snapshots[i]);
    enum tenure_memory_class class = tenure_memory_judge(points, count);
    if (growth)
        *growth = (struct tenure_memory_growth){0};
    if (growth && count > 0) {
        const struct tenure_memory_point *last = &points[count - 1];
        growth->rss_bytes = (int64_t)(last->rss - points[0].rss);
        growth->agent_bytes = (int64_t)(last->agent - points[0].agent);
        growth->rises = tenure_memory_rises(points, count);
    }
    free(points);
    return class;
}

bool tenure_memory_is_notable(enum tenure_memory_class class,
                              const struct tenure_memory_growth *growth)
{
    return growth->rises && growth->rss_bytes > 1 << 20 &&
           (class == TENURE_MEMORY_FRAGMENTATION ||
            class == TENURE_MEMORY_EXTERNAL);
}
