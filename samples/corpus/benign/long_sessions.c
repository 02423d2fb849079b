/*
 * Editing sessions that last from one round to four.
 *
 * Grows: while the first sessions have not ended yet.
 * Not to be flagged: sessions are tenured when they end, but they do end.
 *
 * EXPECT: cache|steady|warming in session_open
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct session {
    struct session *next;
    unsigned until;
    char *document;
};

static struct session *sessions;

static NOINLINE void session_open(const struct request *request)
{
    struct session *session = must(malloc(sizeof *session));

    session->until = request->number + 400 + service_random(1200);
    session->document = must(strndup(request->body, 220));
    session->next = sessions;
    sessions = session;
}

static void sessions_close(unsigned now)
{
    struct session **link = &sessions;

    while (*link) {
        struct session *session = *link;

        if (session->until > now) {
            link = &session->next;
            continue;
        }
        *link = session->next;
        free(session->document);
        free(session);
    }
}

static void serve(const struct request *request)
{
    if (request->number % 10 == 0)
        sessions_close(request->number);
    if (service_percent(8))
        session_open(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
