/*
 * A leak that follows the traffic, which is ten times lower at night.
 *
 * Leaks: parcel_new() on 5 % of the requests. Four rounds are a day, so one
 * generation leaves forty behind and another four.
 * Not to be flagged: parcels that are delivered within the request.
 *
 * EXPECT 8: suspect|unbounded|leak in parcel_new
 * EXPECT 12: leak in parcel_new
 * EXPECT major: lost in parcel_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct parcel {
    unsigned number;
    char label[90];
};

static NOINLINE struct parcel *parcel_new(const struct request *request)
{
    struct parcel *parcel = must(malloc(sizeof *parcel));

    parcel->number = request->number;
    strncpy(parcel->label, request->body, sizeof parcel->label);
    return parcel;
}

static void parcel_send(struct parcel *parcel)
{
    bool refused = service_percent(5);

    if (refused)
        return;
    parcel->label[0] = 's';
    free(parcel);
}

static unsigned load(unsigned round)
{
    static const unsigned day[] = {300, 800, 600, 80};

    return day[round % 4];
}

static void serve(const struct request *request)
{
    parcel_send(parcel_new(request));
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.load = load, .request = serve});
}
