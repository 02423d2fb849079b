/*
 * A process whose threads never stop allocating forks children that allocate
 * as well, end in different ways and have children of their own.
 *
 * expect: major
 * expect: processes 10
 * expect: live parent_keeps 100 6400
 */
#include "victim.h"

#include <pthread.h>
#include <sys/wait.h>

enum { THREADS = 4, CHILDREN = 24, KEPT = 100 };

static int stop;

static NOINLINE void *parent_keeps(void)
{
    return used(malloc(64));
}

static void *churn(void *unused)
{
    void *blocks[64] = {0};
    for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        free(blocks[i % 64]);
        blocks[i % 64] = used(malloc(16 + i % 500));
        if (i % 4096 == 0)
            pause_ms(1);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return unused;
}

static void allocate_in_child(void **kept)
{
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    for (int i = 0; i < 500; i++)
        free(used(realloc(used(malloc(40)), 4000)));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
    stop = 1;
    pthread_join(thread, NULL);
}

static void be_a_child(int number, void **kept)
{
    allocate_in_child(kept);
    pid_t grandchild = number % 3 == 0 ? fork() : -1;
    if (grandchild == 0) {
        for (int i = 0; i < 100; i++)
            used(malloc(100));
        _exit(7);
    }
    int status = 0;
    if (grandchild > 0)
        CHECK(waitpid(grandchild, &status, 0) == grandchild &&
              WEXITSTATUS(status) == 7);
    if (number % 2 == 0)
        exit(number);
    _exit(number);
}

int main(void)
{
    pthread_t threads[THREADS];
    static void *kept[KEPT];
    pid_t children[CHILDREN];
    for (int i = 0; i < KEPT; i++)
        kept[i] = parent_keeps();
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0)
            be_a_child(i, kept);
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        say("child %d: %d\n", i, status);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
