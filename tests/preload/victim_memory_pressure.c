/*
 * Small blocks until RLIMIT_DATA is reached, in every thread at once; then
 * half of them go and everything works again.
 *
 * expect: major
 * expect: dropped any
 */
#include "victim.h"

#include <pthread.h>
#include <sys/resource.h>

enum { THREADS = 3 };

struct chain {
    struct chain *next;
    char rest[1000];
};

static void *fill(void *chain)
{
    struct chain *link;
    while ((link = malloc(sizeof *link))) {
        link->next = *(struct chain **)chain;
        *(struct chain **)chain = link;
    }
    return errno == ENOMEM ? chain : NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    static struct chain *chains[THREADS];
    struct rlimit limit = {128 << 20, RLIM_INFINITY};
    pause_ms(120);
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, fill, &chains[i]) == 0);
    size_t blocks = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        CHECK(result == &chains[i]);
        for (struct chain *link = chains[i]; link; link = link->next)
            blocks++;
    }
    CHECK(blocks > 10000);
    for (int i = 0; i < THREADS; i++) {
        for (struct chain *next; i != 1 && chains[i]; chains[i] = next) {
            next = chains[i]->next;
            free(chains[i]);
        }
    }
    CHECK(fill(&chains[0]));
    pause_ms(150);
    say("done\n");
    return 0;
}
