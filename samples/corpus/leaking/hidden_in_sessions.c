/*
 * Sessions that last up to three rounds, a few of which are never closed.
 *
 * Leaks: the timer of a session that was renewed twice is lost (4 % of them),
 * so it never ends. The site is full of healthy sessions of every age.
 * Not to be flagged: the renewals.
 *
 * EXPECT 8: suspect|unbounded|leak in session_open
 * EXPECT 12: leak in session_open
 * EXPECT major: leak|unbounded in session_open
 */
#include "service.h"

#include <stdlib.h>

#define NEVER 0xffffffffu

struct session {
    struct session *next;
    unsigned until;
    char data[180];
};

static struct session *sessions;

static NOINLINE void session_open(unsigned now)
{
    struct session *session = must(calloc(1, sizeof *session));

    session->until = now + 100 + service_random(1100);
    session->next = sessions;
    sessions = session;
}

static void session_renew_twice(void)
{
    unsigned *renewal = must(malloc(sizeof *renewal));

    *renewal = NEVER;
    sessions->until = *renewal;
    free(renewal);
}

static void sessions_close(unsigned now)
{
    struct session **link = &sessions;

    while (*link) {
        struct session *session = *link;

        if (session->until > now) {
            link = &session->next;
        } else {
            *link = session->next;
            free(session);
        }
    }
}

static void serve(const struct request *request)
{
    sessions_close(request->number);
    session_open(request->number);
    if (service_percent(4))
        session_renew_twice();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
