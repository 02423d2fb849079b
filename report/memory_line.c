/*
 * Resident memory taken apart.
 *
 * One point per snapshot comes in; the class compares how fast the parts
 * grow, by the same robust slope that rates use, and where that sees no
 * trend, what they gained from the first point to the last.
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

/* So many that rise one after the other are no chance. */
enum { STEADY_POINTS = 6 };

struct growth {
    double rss, tracked, overhead;
};

static double grown(const double *values, const double *at, uint32_t count)
{
    return tenure_theil_sen(at, values, count).slope * (count - 1);
}

/* What the agent itself grew is not the service's. */
static double own_rss(const struct tenure_memory_point *point)
{
    return (double)point->rss - (double)point->agent;
}

static struct growth trend_of(const struct tenure_memory_point *points,
                              uint32_t count)
{
    double at[TENURE_SLOPE_POINTS], rss[TENURE_SLOPE_POINTS];
    double tracked[TENURE_SLOPE_POINTS], overhead[TENURE_SLOPE_POINTS];
    for (uint32_t i = 0; i < count; i++) {
        at[i] = i;
        rss[i] = own_rss(&points[i]);
        tracked[i] = (double)points[i].tracked;
        overhead[i] = (double)tenure_memory_overhead(&points[i]);
    }
    return (struct growth){grown(rss, at, count), grown(tracked, at, count),
                           grown(overhead, at, count)};
}

static struct growth step_of(const struct tenure_memory_point *first,
                             const struct tenure_memory_point *last)
{
    return (struct growth){own_rss(last) - own_rss(first),
                           (double)last->tracked - (double)first->tracked,
                           (double)tenure_memory_overhead(last) -
                               (double)tenure_memory_overhead(first)};
}

/* Growth that is none: of a series that rises each time less than of one
 * that wavers. */
static double flat_of(const struct tenure_memory_point *points, uint32_t count)
{
    double share = flat_share * (double)points[0].rss;
    bool wavers = count < STEADY_POINTS;
    for (uint32_t i = 1; i < count; i++)
        wavers |= own_rss(&points[i]) <= own_rss(&points[i - 1]);
    return wavers ? fmax(flat_bytes, share) : share;
}

/* The newest points that a slope looks at. */
static uint32_t newest(const struct tenure_memory_point **points,
                       uint32_t count)
{
    if (count <= TENURE_SLOPE_POINTS)
        return count;
    *points += count - TENURE_SLOPE_POINTS;
    return TENURE_SLOPE_POINTS;
}

bool tenure_memory_rises(const struct tenure_memory_point *points,
                         uint32_t count)
{
    count = newest(&points, count);
    return count >= 2 && trend_of(points, count).rss > flat_of(points, count);
}

enum tenure_memory_class
tenure_memory_judge(const struct tenure_memory_point *points, uint32_t count)
{
    if (count < 2)
        return TENURE_MEMORY_FLAT;
    struct growth growth = step_of(&points[0], &points[count - 1]);
    bool rises = tenure_memory_rises(points, count);
    if (!rises && growth.rss <= flat_of(points, count))
        return TENURE_MEMORY_FLAT;
    if (rises) {
        count = newest(&points, count);
        growth = trend_of(points, count);
    }
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
    say_part(&words, "main stack", point->stacks);
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
