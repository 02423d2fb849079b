/*
 * Transfers that take from a hundredth of a round to six rounds.
 *
 * Grows: ever more slowly, since each length of transfer reaches its balance
 * after that length; the longest ones are rare.
 * Not to be flagged: all of them end.
 *
 * EXPECT: cache|steady|warming|suspect in transfer_begin
 */
#include "service.h"

#include <stdlib.h>

struct transfer {
    struct transfer *next;
    unsigned until;
    char file[120];
};

static struct transfer *transfers;

static NOINLINE void transfer_begin(unsigned now)
{
    struct transfer *transfer = must(calloc(1, sizeof *transfer));
    unsigned length = 4 + service_random(5);

    /* Each further doubling happens to three in four. */
    while (length < 1200 && service_percent(75))
        length *= 2;
    transfer->until = now + length;
    transfer->next = transfers;
    transfers = transfer;
}

static void transfers_end(unsigned now)
{
    struct transfer **link = &transfers;

    while (*link) {
        struct transfer *transfer = *link;

        if (transfer->until > now) {
            link = &transfer->next;
        } else {
            *link = transfer->next;
            free(transfer);
        }
    }
}

static void serve(const struct request *request)
{
    transfers_end(request->number);
    if (service_percent(60))
        transfer_begin(request->number);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
