/*
 * Lost blocks in a verdict: how many, how they hang together, and the
 * sentence that says so in Valgrind's words.
 */
#include "report/verdict_rules.h"

#include <math.h>

#include "report/words.h"

static void take_hanging(const struct tenure_population *population, uint32_t k,
                         struct tenure_hanging *sum)
{
    const struct tenure_hanging *of = &population->hanging;
    if (!of->known || of->snapshot != k) {
        sum->direct_blocks += population->lost_blocks[k];
        sum->direct_bytes += population->lost_bytes[k];
        return;
    }
    sum->known = true;
    sum->direct_blocks += of->direct_blocks;
    sum->direct_bytes += of->direct_bytes;
    sum->indirect_blocks += of->indirect_blocks;
    sum->indirect_bytes += of->indirect_bytes;
    sum->below_blocks += of->below_blocks;
    sum->below_bytes += of->below_bytes;
    sum->blocks_variance += of->blocks_variance;
    sum->bytes_variance += of->bytes_variance;
}

/* The newest snapshot that looked for lost blocks and found some. The one
 * at exit counts as well: what is lost then was lost before. */
void tenure_take_lost(const struct tenure_population *const *populations,
                      uint32_t count, struct tenure_site_verdict *verdict)
{
    struct tenure_hanging *hanging = &verdict->hanging;
    uint32_t columns = populations[0]->timeline->count;
    for (uint32_t k = columns; k-- > 0 && !verdict->lost_blocks;) {
        hanging->snapshot = k;
        for (uint32_t i = 0; i < count; i++) {
            verdict->lost_blocks += populations[i]->lost_blocks[k];
            verdict->lost_bytes += populations[i]->lost_bytes[k];
        }
    }
    hanging->leader = populations[0]->hanging.leader;
    for (uint32_t i = 0; i < count && verdict->lost_blocks; i++)
        take_hanging(populations[i], hanging->snapshot, hanging);
}

static void say_blocks(struct tenure_words *words, uint64_t blocks,
                       double variance)
{
    tenure_say(words, "%llu", (unsigned long long)blocks);
    if (variance > 0)
        tenure_say(words, " +- %.0f", ceil(sqrt(variance)));
    tenure_say(words, " block%s", blocks == 1 ? "" : "s");
}

static void say_size(struct tenure_words *words, uint64_t bytes,
                     double variance)
{
    tenure_say(words, ", ");
    tenure_say_bytes(words, (double)bytes);
    if (variance > 0) {
        tenure_say(words, " +- ");
        tenure_say_bytes(words, ceil(sqrt(variance)));
    }
}

static void say_direct(struct tenure_words *words,
                       const struct tenure_hanging *hanging)
{
    bool alone = hanging->indirect_blocks == 0;
    say_blocks(words, hanging->direct_blocks,
               alone ? hanging->blocks_variance : 0);
    tenure_say(words, " definitely lost");
    say_size(words, hanging->direct_bytes, alone ? hanging->bytes_variance : 0);
    if (hanging->below_blocks > 0) {
        tenure_say(words, ", and ");
        say_blocks(words, hanging->below_blocks, 0);
        say_size(words, hanging->below_bytes, 0);
        tenure_say(words, " below %s",
                   hanging->direct_blocks == 1 ? "it" : "them");
    } else if (!alone) {
        tenure_say(words, ", and ");
        say_blocks(words, hanging->indirect_blocks, 0);
        tenure_say(words, " indirectly");
        say_size(words, hanging->indirect_bytes, 0);
    }
    tenure_say(words, ": nothing points to %s",
               hanging->direct_blocks == 1 ? "it" : "them");
}

void tenure_say_lost(struct tenure_words *words,
                     const struct tenure_site_verdict *verdict,
                     const struct tenure_population *population)
{
    const struct tenure_timeline *timeline = population->timeline;
    const struct tenure_hanging *hanging = &verdict->hanging;
    if (hanging->direct_blocks > 0) {
        say_direct(words, hanging);
    } else {
        say_blocks(words, hanging->indirect_blocks, 0);
        tenure_say(words, " indirectly lost");
        say_size(words, hanging->indirect_bytes, 0);
        tenure_say(words, ": only lost blocks point to %s",
                   hanging->indirect_blocks == 1 ? "it" : "them");
    }
    tenure_say(words, timeline->at_exit[hanging->snapshot]
                          ? ", at the end of the process"
                          : ", in two major snapshots");
    if (timeline->sample_bytes > 0)
        tenure_say(words,
                   "; estimated from samples, which cannot tell what "
                   "only lost blocks point to");
}
