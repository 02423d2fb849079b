/*
 * Lost blocks in JSON: of a snapshot, and of a site.
 */
#include <math.h>

#include "report/out_json.h"

void tenure_json_kinds(struct tenure_json *json,
                       const struct tenure_snapshot *snapshot)
{
    struct tenure_leak_kinds kinds = tenure_snapshot_kinds(snapshot);
    tenure_json_count(json, "indirect_blocks", kinds.indirect_blocks);
    tenure_json_count(json, "indirect_bytes", kinds.indirect_bytes);
    tenure_json_count(json, "possible_blocks", kinds.possible_blocks);
    tenure_json_count(json, "possible_bytes", kinds.possible_bytes);
    tenure_json_count(json, "unreached_blocks", kinds.unreached_blocks);
    tenure_json_count(json, "unreached_bytes", kinds.unreached_bytes);
}

void tenure_json_lost(struct tenure_json *json, const struct tenure_site *of)
{
    const struct tenure_population *p = &of->population;
    static const struct tenure_hanging none;
    uint32_t last = p->timeline->count - 1;
    bool now = p->hanging.known && p->hanging.snapshot == last;
    const struct tenure_hanging *hanging = now ? &p->hanging : &none;
    tenure_json_count(json, "lost_blocks", p->lost_blocks[last]);
    tenure_json_count(json, "lost_bytes", p->lost_bytes[last]);
    tenure_json_count(json, "indirect_blocks", hanging->indirect_blocks);
    tenure_json_count(json, "indirect_bytes", hanging->indirect_bytes);
    tenure_json_count(json, "below_blocks", hanging->below_blocks);
    tenure_json_count(json, "below_bytes", hanging->below_bytes);
    tenure_json_count(json, "possible_blocks", of->population.possible_blocks);
    tenure_json_count(json, "possible_bytes", of->population.possible_bytes);
    if (p->timeline->sample_bytes == 0)
        return;
    tenure_json_real(json, "lost_blocks_error", sqrt(hanging->blocks_variance));
    tenure_json_real(json, "lost_bytes_error", sqrt(hanging->bytes_variance));
}
