/*
 * Charts that show the last five and a half rounds.
 *
 * Grows: evenly, through most of a short run, until the first points leave.
 * Not to be flagged: points leave in the order they came.
 *
 * EXPECT 8: cache|steady|warming|suspect|unbounded|backlog in point_add
 * EXPECT 12: cache|steady|warming in point_add
 */
#include "service.h"

#include <stdlib.h>

#define WINDOW 2200

struct point {
    struct point *newer;
    unsigned at;
    double value;
};

static struct point *oldest;
static struct point **newest = &oldest;

static NOINLINE void point_add(const struct request *request)
{
    struct point *point = must(malloc(sizeof *point));

    point->at = request->number;
    point->value = (double)request->body_length;
    point->newer = NULL;
    *newest = point;
    newest = &point->newer;
}

static void points_leave(unsigned now)
{
    while (oldest && oldest->at + WINDOW <= now) {
        struct point *newer = oldest->newer;

        free(oldest);
        oldest = newer;
    }
    if (!oldest)
        newest = &oldest;
}

static void serve(const struct request *request)
{
    points_leave(request->number);
    if (service_percent(20))
        point_add(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
