/*
 * Timers that are cancelled but stay in the heap until they would have fired.
 *
 * Leaks: timer_cancel() only marks the timer, and the deadline is ten million
 * requests away: 10 % of the timers wait there. Their array grows with them.
 * Not to be flagged: the timers that fire.
 *
 * EXPECT: leak in timer_start
 * EXPECT major: leak|unbounded|lost in timer_start
 */
#include "service.h"

#include <stdlib.h>

#define FAR_AWAY 10000000

struct timer {
    unsigned deadline;
    bool cancelled;
    char payload[72];
};

static struct timer **timers;
static size_t count;
static size_t capacity;

static NOINLINE struct timer *timer_start(unsigned deadline)
{
    struct timer *timer = must(calloc(1, sizeof *timer));

    timer->deadline = deadline;
    if (count == capacity) {
        capacity += 64;
        timers = must(realloc(timers, capacity * sizeof *timers));
    }
    timers[count++] = timer;
    return timer;
}

static void timer_cancel(struct timer *timer)
{
    timer->cancelled = true;
}

static void timers_run(unsigned now)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (timers[i]->deadline <= now)
            free(timers[i]);
        else
            timers[kept++] = timers[i];
    }
    count = kept;
}

static void serve(const struct request *request)
{
    if (service_percent(10))
        timer_cancel(timer_start(request->number + FAR_AWAY));
    else
        timer_start(request->number + 5);
    timers_run(request->number);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
