/*
 * What every service of the corpus shares: rounds of ordinary traffic, a
 * random sequence that is the same for the same seed, and a snapshot at the
 * end of each round. The same seed makes the same allocations in the same
 * order, with the agent and without it.
 *
 * A service describes itself in a struct service and hands over to
 * service_run(). Its callbacks run on the main thread, and so must all calls
 * of the functions below. `request` sees each request after it was parsed and
 * must not keep any pointer into it.
 */
#ifndef CORPUS_SERVICE_H
#define CORPUS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A function that the expectations name keeps its own frame. */
#define NOINLINE __attribute__((noinline))

struct request {
    unsigned number; /* 1, 2, 3 ... since the start: the service's clock */
    unsigned client; /* 0 .. 63 */
    const char *path;
    const char *body;
    size_t body_length;
};

struct service {
    void (*start)(void);
    unsigned (*load)(unsigned round); /* requests in a round, else 400 */
    void (*request)(const struct request *request);
    void (*round)(unsigned round); /* after a round, before its snapshot */
    void (*stop)(void);            /* what a tidy service does at its end */
};

/* Options: --rounds N (8), --seed N (1), --uneven P (0): rounds differ by up
 * to P per cent (at most 90). Returns the exit status. */
int service_run(int argc, char **argv, const struct service *service);

unsigned service_round(void);                    /* 1, 2, 3 ... */
uint32_t service_random(uint32_t bound);         /* 0 .. bound - 1, even */
uint32_t service_skewed(uint32_t bound);         /* the same, low ones often */
bool service_percent(uint32_t percent);          /* true that often */
char *service_text(uint32_t number, size_t pad); /* malloc'ed, pad >= 16 */

/* The pointer itself; the service ends where there is no memory. */
void *must(void *pointer);

/* Used by service_run: the ordinary part of the work (traffic.c). */
void traffic_request(const struct service *service, unsigned number);
void traffic_stop(void);

#ifdef __cplusplus
}
#endif

#endif
