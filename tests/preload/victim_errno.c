/*
 * errno is what it was after every call that succeeds, large blocks and new
 * threads included, and after free of anything.
 */
#include "victim.h"

#include <malloc.h>
#include <pthread.h>

#define KEEPS(expression)                                                      \
    do {                                                                       \
        errno = 12345;                                                         \
        (void)(expression);                                                    \
        CHECK(errno == 12345);                                                 \
    } while (0)

static void check_all(size_t bytes)
{
    void *a, *b, *c, *d, *e = NULL;
    KEEPS(a = used(malloc(bytes)));
    KEEPS(b = used(calloc(1, bytes)));
    KEEPS(c = used(memalign(64, bytes)));
    KEEPS(d = used(aligned_alloc(32, bytes)));
    KEEPS(posix_memalign(&e, 128, bytes));
    KEEPS(a = used(realloc(a, bytes * 2)));
    KEEPS(b = used(reallocarray(b, bytes, 3)));
    KEEPS(malloc_usable_size(a));
    KEEPS((free(a), free(b)));
    KEEPS((free(c), free(d)));
    KEEPS((free(e), free(NULL)));
}

static void *run(void *unused)
{
    KEEPS(free(used(malloc(10))));
    for (size_t bytes = 1; bytes < 10 << 20; bytes = bytes * 3 + 1)
        check_all(bytes);
    return unused;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
        pthread_join(thread, NULL);
    }
    run(NULL);
    say("kept\n");
    pause_ms(150);
    return 0;
}
