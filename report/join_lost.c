/*
 * What major snapshots say of lost blocks: MARKS and LOSSES into populations.
 */
#include "report/join.h"

static void add_marks(struct tenure_series *series, uint32_t i)
{
    const struct tenure_snapshot *from = &series->snapshots[i];
    bool once = tenure_snapshot_is_only(from);
    for (uint64_t r = 0; r < from->marks_count; r++) {
        const struct tenure_mark *mark = &from->marks[r];
        struct tenure_site *site =
            tenure_join_site(series, &series->sites, mark->site);
        struct tenure_population *p = &site->population;
        if (!p->lost_blocks) {
            p->lost_blocks = tenure_join_array(series);
            p->lost_bytes = tenure_join_array(series);
        }
        tenure_join_add(p->lost_blocks, i,
                        once ? mark->unreached_blocks : mark->lost_blocks);
        tenure_join_add(p->lost_bytes, i,
                        once ? mark->unreached_bytes : mark->lost_bytes);
        if (i + 1 == series->timeline.count) {
            p->possible_blocks += mark->possible_blocks;
            p->possible_bytes += mark->possible_bytes;
        }
    }
}

/* Several nodes may be one site: it is direct if any of them is. */
static void add_loss(struct tenure_hanging *hanging, uint32_t leader,
                     const struct tenure_loss *loss)
{
    if (!hanging->known || hanging->direct_blocks == 0)
        hanging->leader = leader;
    hanging->known = true;
    hanging->direct_blocks += loss->direct_blocks;
    hanging->direct_bytes += loss->direct_bytes;
    hanging->indirect_blocks += loss->indirect_blocks;
    hanging->indirect_bytes += loss->indirect_bytes;
    hanging->below_blocks += loss->below_blocks;
    hanging->below_bytes += loss->below_bytes;
    hanging->blocks_variance += loss->blocks_variance;
    hanging->bytes_variance += loss->bytes_variance;
}

/* In a first mark they are about what is not lost yet. */
static void add_losses(struct tenure_series *series, uint32_t i)
{
    const struct tenure_snapshot *from = &series->snapshots[i];
    for (uint64_t r = 0; r < from->losses_count; r++) {
        const struct tenure_loss *loss = &from->losses[r];
        uint32_t leader =
            tenure_join_site(series, &series->sites, loss->leader)->call;
        struct tenure_population *p =
            &tenure_join_site(series, &series->sites, loss->site)->population;
        struct tenure_hanging *hanging = &p->hanging;
        if (!p->lost_blocks || p->lost_blocks[i] == 0 ||
            (hanging->known && hanging->snapshot != i))
            continue;
        hanging->snapshot = i;
        add_loss(hanging, leader, loss);
    }
}

void tenure_join_lost(struct tenure_series *series)
{
    for (uint32_t i = 0; i < series->timeline.count; i++)
        add_marks(series, i);
    for (uint32_t i = series->timeline.count; i-- > 0;)
        add_losses(series, i);
}
