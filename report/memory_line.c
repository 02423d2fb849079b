/*
 * Resident memory taken apart.
 *
 * One point per snapshot comes in; the class compares how fast the parts
 * grow, by the same robust slope that rates use.
 */
#include "report/memory_line.h"

#include <math.h>
#include <stdlib.h>

#include "report/statistics.h"
#include "report/words.h"

/* Growth of RSS over the whole series that is none. */
static const double flat_bytes = 1 << 20;
static const double flat_share = 0.02;
/* A part that explains this share of it is the cause. */
static const double cause_share = 0.5;

const char *tenure_memory_class_name(enum tenure_memory_class class)
{
    static const char *const names[] = {"flat", "heap", "fragmentation",
                                        "external"};
    return names[class];
}

uint64_t tenure_memory_overhead(const struct tenure_memory_point *point)
{
    return point->allocator > point->tracked ? point->allocator - point->tracked
                                             : 0;
}

int64_t tenure_memory_unknown(const struct tenure_memory_point *point)
{
    return (int64_t)(point->rss - point->tracked -
                     tenure_memory_overhead(point) - point->mapped -
                     point->stacks - point->files - point->agent);
}

struct growth {
    double rss, tracked, overhead;
};

static double grown(const double *values, const double *at, uint32_t count)
{
    return tenure_theil_sen(at, values, count).slope * (count - 1);
}

/* What the agent itself grew is not the service's. */
static struct growth growth_of(const struct tenure_memory_point *points,
                               uint32_t count)
{
    double at[TENURE_SLOPE_POINTS], rss[TENURE_SLOPE_POINTS];
    double tracked[TENURE_SLOPE_POINTS], overhead[TENURE_SLOPE_POINTS];
    for (uint32_t i = 0; i < count; i++) {
        at[i] = i;
        rss[i] = (double)points[i].rss - (double)points[i].agent;
        tracked[i] = (double)points[i].tracked;
        overhead[i] = (double)tenure_memory_overhead(&points[i]);
    }
    return (struct growth){grown(rss, at, count), grown(tracked, at, count),
                           grown(overhead, at, count)};
}

enum tenure_memory_class
tenure_memory_judge(const struct tenure_memory_point *points, uint32_t count)
{
    if (count > TENURE_SLOPE_POINTS) {
        points += count - TENURE_SLOPE_POINTS;
        count = TENURE_SLOPE_POINTS;
    }
    if (count < 2)
        return TENURE_MEMORY_FLAT;
    struct growth growth = growth_of(points, count);
    if (growth.rss <= fmax(flat_bytes, flat_share * (double)points[0].rss))
        return TENURE_MEMORY_FLAT;
    if (growth.tracked >= cause_share * growth.rss)
        return TENURE_MEMORY_HEAP;
    if (growth.overhead >= cause_share * growth.rss)
        return TENURE_MEMORY_FRAGMENTATION;
    /* Together they explain it: the larger one names it. */
    if (growth.tracked + growth.overhead >= cause_share * growth.rss)
        return growth.tracked >= growth.overhead ? TENURE_MEMORY_HEAP
                                                 : TENURE_MEMORY_FRAGMENTATION;
    return TENURE_MEMORY_EXTERNAL;
}

static void say_part(struct tenure_words *words, const char *name,
                     uint64_t bytes)
{
    if (!bytes)
        return;
    tenure_say(words, " + %s ", name);
    tenure_say_bytes(words, (double)bytes);
}

void tenure_memory_text(const struct tenure_memory_point *point, char *text,
                        size_t text_bytes)
{
    struct tenure_words words = tenure_words_in(text, text_bytes);
    int64_t unknown = tenure_memory_unknown(point);
    tenure_say(&words, "RSS ");
    tenure_say_bytes(&words, (double)point->rss);
    tenure_say(&words, " = tracked ");
    tenure_say_bytes(&words, (double)point->tracked);
    say_part(&words, "allocator overhead", tenure_memory_overhead(point));
    say_part(&words, "mappings", point->mapped);
    say_part(&words, "stacks", point->stacks);
    say_part(&words, "files", point->files);
    say_part(&words, "agent", point->agent);
    if (unknown >= 0) {
        /* An agent always takes some. */
        say_part(&words,
                 point->agent ? "unknown"
                              : "unknown, with the agent and the allocator",
                 (uint64_t)unknown);
        return;
    }
    tenure_say(&words, " - untouched ");
    tenure_say_bytes(&words, -(double)unknown);
}
