/*
 * A cache whose entries live for two and a half rounds.
 *
 * Grows: until the first entries expire, a thousand requests after the start.
 * Not to be flagged: entries become tenured, but every cohort dies.
 *
 * EXPECT: cache|steady|warming in answer_cache
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define TIME_TO_LIVE 1000

struct answer {
    struct answer *next;
    unsigned deadline;
    char *text;
};

static struct answer *oldest;
static struct answer **newest = &oldest;

static NOINLINE void answer_cache(const struct request *request)
{
    struct answer *answer = must(malloc(sizeof *answer));

    answer->deadline = request->number + TIME_TO_LIVE;
    answer->text = must(strndup(request->body, 90));
    answer->next = NULL;
    *newest = answer;
    newest = &answer->next;
}

static void answers_expire(unsigned now)
{
    while (oldest && oldest->deadline <= now) {
        struct answer *next = oldest->next;

        free(oldest->text);
        free(oldest);
        oldest = next;
    }
    if (!oldest)
        newest = &oldest;
}

static void serve(const struct request *request)
{
    answers_expire(request->number);
    if (service_percent(30))
        answer_cache(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
