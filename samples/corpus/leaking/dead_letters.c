/*
 * A mail queue whose undeliverable messages are set aside and forgotten.
 *
 * Leaks: a message that failed three times moves to the dead letters, which
 * nobody reads: about 5 % of the messages.
 * Not to be flagged: messages that wait for another attempt.
 *
 * EXPECT: leak in message_new
 * EXPECT major: leak|unbounded in message_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct message {
    struct message *next;
    unsigned attempts;
    char *text;
};

static struct message *queue;
static struct message *dead_letters;

static NOINLINE struct message *message_new(const char *body)
{
    struct message *message = must(malloc(sizeof *message));

    message->attempts = 0;
    message->text = must(strndup(body, 160));
    return message;
}

static void message_free(struct message *message)
{
    free(message->text);
    free(message);
}

static void push(struct message **list, struct message *message)
{
    message->next = *list;
    *list = message;
}

static void queue_run(void)
{
    struct message *todo = queue;

    queue = NULL;
    while (todo) {
        struct message *message = todo;

        todo = message->next;
        if (!service_percent(37))
            message_free(message);
        else if (++message->attempts == 3)
            push(&dead_letters, message);
        else
            push(&queue, message);
    }
}

static void serve(const struct request *request)
{
    push(&queue, message_new(request->body));
    if (request->number % 20 == 0)
        queue_run();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
