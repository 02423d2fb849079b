/*
 * Statistics for each of 3000 articles, made when one is first read.
 *
 * Grows: quickly at first, then ever more slowly; the run ends long before
 * the last article was read.
 * Not to be flagged: a warm-up that has not ended.
 *
 * EXPECT: warming|steady|suspect|unbounded|cache in article_statistics
 */
#include "service.h"

#include <stdlib.h>

#define ARTICLES 3000

struct statistics {
    unsigned reads;
    unsigned long bytes;
    unsigned by_hour[24];
};

static struct statistics *statistics[ARTICLES];

static NOINLINE struct statistics *article_statistics(unsigned article)
{
    if (!statistics[article])
        statistics[article] = must(calloc(1, sizeof *statistics[article]));
    return statistics[article];
}

static void serve(const struct request *request)
{
    unsigned article = service_skewed(service_skewed(ARTICLES) + 1);

    article_statistics(article)->reads++;
    article_statistics(article)->bytes += request->body_length;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
