/*
 * A table of interned words.
 *
 * Grows: with each word seen for the first time; there are 500 words, so two
 * rounds bring nearly all of them and later ones a few.
 * Not to be flagged: the table saturates.
 *
 * EXPECT: warming|steady|one-off in intern
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 500
#define BUCKETS 64

struct word {
    struct word *next;
    char text[];
};

static struct word *buckets[BUCKETS];

static NOINLINE const char *intern(const char *text, unsigned hash)
{
    struct word **bucket = &buckets[hash % BUCKETS];
    struct word *word;

    for (word = *bucket; word; word = word->next)
        if (strcmp(word->text, text) == 0)
            return word->text;
    word = must(malloc(sizeof *word + strlen(text) + 1));
    strcpy(word->text, text);
    word->next = *bucket;
    *bucket = word;
    return word->text;
}

static void serve(const struct request *request)
{
    char text[24];

    (void)request;
    for (unsigned i = 0; i < 3; i++) {
        unsigned number = service_random(WORDS);

        snprintf(text, sizeof text, "word%u", number);
        intern(text, number);
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
