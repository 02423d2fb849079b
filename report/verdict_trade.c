/*
 * Judging sites together that trade places.
 *
 * Populations with their single verdicts and paths come in; where the sum of
 * a growing site and its shrinking relations shows no leak, the growing one
 * is a cache.
 */
#include "report/verdict_trade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/memory.h"

bool tenure_paths_related(const struct tenure_path *a,
                          const struct tenure_path *b)
{
    uint32_t most = a->depth > b->depth ? a->depth : b->depth;
    uint32_t least = a->depth < b->depth ? a->depth : b->depth;
    uint32_t common =
        most > TENURE_PATH_OWN_FRAMES ? most - TENURE_PATH_OWN_FRAMES : 1;
    return common <= least && memcmp(a->at, b->at, common * sizeof *a->at) == 0;
}

/* Only what fades from behaviour can be traded: neither lost blocks nor
 * blocks that grew in place. */
static bool may_be_cleared(const struct tenure_site_verdict *verdict)
{
    return verdict->class == TENURE_CLASS_LEAK ||
           verdict->class == TENURE_CLASS_UNBOUNDED ||
           verdict->class == TENURE_CLASS_SUSPECT;
}

static uint32_t newest_running(const struct tenure_timeline *timeline)
{
    uint32_t last = timeline->count - 1;
    while (last > timeline->base && timeline->at_exit[last])
        last--;
    return last;
}

/* Bytes that the site lost in those intervals in which the other gained,
 * less what it gained beside it. */
static double given_way(const struct tenure_population *shrinking,
                        const struct tenure_population *growing)
{
    const struct tenure_timeline *timeline = growing->timeline;
    uint32_t last = newest_running(timeline);
    double sum = 0;
    for (uint32_t k = timeline->base + 1; k <= last; k++)
        if (growing->live_bytes[k] > growing->live_bytes[k - 1])
            sum += (double)shrinking->live_bytes[k - 1] -
                   (double)shrinking->live_bytes[k];
    return sum;
}

static double gained(const struct tenure_population *population)
{
    const struct tenure_timeline *timeline = population->timeline;
    return (double)population->live_bytes[newest_running(timeline)] -
           (double)population->live_bytes[timeline->base];
}

struct band {
    const struct tenure_population *const *populations;
    const struct tenure_path *paths;
    uint32_t *shrunk; /* indices of the sites that did */
    uint32_t shrunk_count;
    const struct tenure_population **group;
};

/* The relations of site `of` that gave way to it, after it in `group`. */
static uint32_t gather(struct band *band, uint32_t of, double *given)
{
    uint32_t members = 1;
    band->group[0] = band->populations[of];
    for (uint32_t s = 0; s < band->shrunk_count; s++) {
        uint32_t i = band->shrunk[s];
        if (!tenure_paths_related(&band->paths[of], &band->paths[i]))
            continue;
        double way = given_way(band->populations[i], band->populations[of]);
        if (way <= 0)
            continue;
        *given += way;
        band->group[members++] = band->populations[i];
    }
    return members;
}

/* Largest less smallest number of blocks of the first site plus `factor`
 * times those of the others. */
static double swing(const struct tenure_population *const *sites,
                    uint32_t count, double factor)
{
    const struct tenure_timeline *timeline = sites[0]->timeline;
    uint32_t last = newest_running(timeline);
    double least = INFINITY, most = -INFINITY;
    for (uint32_t k = timeline->base; k <= last; k++) {
        double sum = (double)sites[0]->live_blocks[k];
        for (uint32_t i = 1; i < count; i++)
            sum += factor * (double)sites[i]->live_blocks[k];
        least = fmin(least, sum);
        most = fmax(most, sum);
    }
    return most - least;
}

/* How many blocks of the first site come for each that the others lose: an
 * entry may be made of several. */
static double blocks_for_one(const struct tenure_population *const *sites,
                             uint32_t count)
{
    const struct tenure_timeline *timeline = sites[0]->timeline;
    uint32_t first = timeline->base, last = newest_running(timeline);
    double lost = 0;
    for (uint32_t i = 1; i < count; i++)
        lost += (double)sites[i]->live_blocks[first] -
                (double)sites[i]->live_blocks[last];
    double gain = (double)sites[0]->live_blocks[last] -
                  (double)sites[0]->live_blocks[first];
    return lost > 0 ? fmin(4, fmax(0.25, gain / lost)) : 1;
}

/* Sites that trade places are together much calmer than the growing one is
 * alone; one that only happens to shrink adds its own noise instead. */
static bool is_trade(struct band *band, uint32_t site,
                     struct tenure_matrix *scratch,
                     struct tenure_site_verdict *together)
{
    double given = 0;
    uint32_t members = gather(band, site, &given);
    if (members < 2 ||
        given < tenure_rules.traded * gained(band->populations[site]) ||
        swing(band->group, members, blocks_for_one(band->group, members)) >
            tenure_rules.traded * swing(band->group, 1, 0))
        return false;
    tenure_judge_site(band->group, members, scratch, together);
    return !tenure_class_accuses(together->class);
}

void tenure_judge_trades(const struct tenure_population *const *populations,
                         const struct tenure_path *paths, uint32_t count,
                         struct tenure_matrix *scratch,
                         struct tenure_site_verdict *verdicts)
{
    struct band band = {populations, paths,
                        tenure_zeroed(count, sizeof(uint32_t)), 0,
                        tenure_zeroed(count, sizeof *band.group)};
    for (uint32_t i = 0; i < count; i++)
        if (gained(populations[i]) < 0)
            band.shrunk[band.shrunk_count++] = i;
    for (uint32_t i = 0; i < count; i++) {
        struct tenure_site_verdict together;
        if (!may_be_cleared(&verdicts[i]) ||
            !is_trade(&band, i, scratch, &together))
            continue;
        verdicts[i].class = TENURE_CLASS_CACHE;
        verdicts[i].confidence = together.confidence;
        verdicts[i].seconds_to_limit = 0;
        verdicts[i].traded = true;
    }
    free(band.shrunk);
    free(band.group);
}
