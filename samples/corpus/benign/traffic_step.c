/*
 * Traffic that doubles in the middle of the run and stays there.
 *
 * Grows: at the step, when twice as many drafts are open; a draft is open for
 * a round and a half, before the step and after it.
 * Not to be flagged: a change of traffic decides nothing.
 *
 * EXPECT: steady|cache|warming in draft_open
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct draft {
    struct draft *next;
    unsigned opened; /* in hundredths of a round */
    char *text;
};

static struct draft *oldest;
static struct draft **newest = &oldest;
static unsigned in_round;
static unsigned last_round;

static unsigned load(unsigned round)
{
    return round < 6 ? 300 : 600;
}

static NOINLINE void draft_open(const char *body, unsigned now)
{
    struct draft *draft = must(malloc(sizeof *draft));

    draft->text = must(strndup(body, 150));
    draft->opened = now;
    draft->next = NULL;
    *newest = draft;
    newest = &draft->next;
}

static void drafts_close(unsigned now)
{
    while (oldest && now - oldest->opened >= 150) {
        struct draft *next = oldest->next;

        free(oldest->text);
        free(oldest);
        oldest = next;
    }
    if (!oldest)
        newest = &oldest;
}

static void serve(const struct request *request)
{
    unsigned round = service_round();
    unsigned now;

    if (round != last_round)
        in_round = 0;
    last_round = round;
    now = 100 * round + 100 * in_round++ / load(round);
    drafts_close(now);
    if (service_percent(40))
        draft_open(request->body, now);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.load = load, .request = serve});
}
