/*
 * A shop whose cancelled orders leave the book but are never freed.
 *
 * Leaks: order_cancel() unlinks an order (10 % of them) and forgets
 * order_free(): the struct and the three strings it owns leak together, one
 * cause with four sites.
 * Not to be flagged: orders that were delivered.
 *
 * EXPECT: leak in order_new
 * EXPECT major: lost in order_new
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct order {
    struct order *next;
    char *customer;
    char *article;
    char *note;
    unsigned amount;
};

static struct order *book;

static NOINLINE struct order *order_new(const struct request *request)
{
    struct order *order = must(malloc(sizeof *order));

    order->customer = must(strndup(request->body, 24));
    order->article = must(strdup(request->path));
    order->note = must(strndup(request->body + 24, 80));
    order->amount = request->client;
    order->next = book;
    book = order;
    return order;
}

static void order_free(struct order *order)
{
    free(order->customer);
    free(order->article);
    free(order->note);
    free(order);
}

static void order_cancel(void)
{
    book = book->next;
}

static void order_deliver(void)
{
    struct order *order = book;

    book = order->next;
    order_free(order);
}

static void serve(const struct request *request)
{
    order_new(request);
    if (service_percent(10))
        order_cancel();
    else
        order_deliver();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
