/*
 * Traffic that grows with each round.
 *
 * Grows: each round has 80 requests more, and whoever came in the last half
 * of a round still has a basket at its end.
 * Not to be flagged: baskets are young; none is older than one round.
 *
 * EXPECT: steady|cache|warming in basket_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct basket {
    struct basket *next;
    char *article;
    unsigned until;
};

static struct basket *baskets;
static unsigned this_load;

static NOINLINE void basket_new(const struct request *request)
{
    struct basket *basket = must(malloc(sizeof *basket));

    basket->article = must(strndup(request->body, 50));
    basket->until = request->number + this_load / 2;
    basket->next = baskets;
    baskets = basket;
}

static void baskets_close(unsigned now)
{
    struct basket **link = &baskets;

    while (*link) {
        struct basket *basket = *link;

        if (basket->until > now) {
            link = &basket->next;
            continue;
        }
        *link = basket->next;
        free(basket->article);
        free(basket);
    }
}

static unsigned load(unsigned round)
{
    this_load = 150 + 80 * round;
    return this_load;
}

static void serve(const struct request *request)
{
    baskets_close(request->number);
    basket_new(request);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.load = load, .request = serve});
}
