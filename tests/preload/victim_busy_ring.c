/*
 * A thread replaces the blocks of a full ring as fast as it can while
 * snapshots are taken: each of them finds the ring full, though hardly a
 * block of it lives as long as it takes to look. (A few may be on their way.)
 *
 * expect: held make_one 950
 * expect: major
 */
#include "victim.h"

#include "agent/include/tenure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { RING = 1000, SNAPSHOTS = 20 };

static void *ring[RING];
static atomic_bool over;

static NOINLINE void *make_one(void)
{
    return used(malloc(200));
}

static void *churn(void *unused)
{
    while (!over) {
        for (int i = 0; i < RING; i++) {
            void *block = make_one();
            free(ring[i]);
            ring[i] = block;
        }
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < RING; i++)
        ring[i] = make_one();
    CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
    for (int i = 0; i < SNAPSHOTS; i++) {
        CHECK(tenure_take_snapshot("held") >= 0);
        pause_ms(2);
    }
    over = true;
    pthread_join(thread, NULL);
    say("churned\n");
    return 0;
}
