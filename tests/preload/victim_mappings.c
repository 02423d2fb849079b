/*
 * A user of mmap, munmap, mremap and sbrk: partial unmapping, MAP_FIXED over
 * old mappings, growth in place and by moving, many threads doing so.
 */
#include "victim.h"

#include <pthread.h>
#include <sys/mman.h>

static const size_t page = 4096;

static char *map(void *where, size_t pages, int flags)
{
    char *start = mmap(where, pages * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    CHECK(start != MAP_FAILED);
    return start;
}

static void *run(void *unused)
{
    for (int i = 0; i < 300; i++) {
        char *start = map(NULL, 16, 0);
        start[11 * page] = 1;
        CHECK(munmap(start + 12 * page, 4 * page) == 0);
        CHECK(map(start + 5 * page, 2, MAP_FIXED) == start + 5 * page);
        CHECK(map(start, 8, MAP_FIXED) == start);
        CHECK(start[11 * page] == 1);
        char *moved = mremap(start, 8 * page, 64 * page, MREMAP_MAYMOVE);
        CHECK(moved != MAP_FAILED);
        moved[63 * page] = 2;
        CHECK(mremap(moved, 64 * page, 4 * page, 0) == moved);
        CHECK(munmap(moved, 4 * page) == 0);
        CHECK(munmap(start + 8 * page, 4 * page) == 0);
        free(used(malloc(300000)));
    }
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    char *top = sbrk(0);
    say("sbrk contiguous: %d\n", sbrk(8192) == top && sbrk(0) == top + 8192);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    errno = 0;
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
          MAP_FAILED);
    say("empty: errno %d\n", errno);
    CHECK(munmap((void *)hidden(1), page) < 0);
    say("unaligned: errno %d\n", errno);
    CHECK(mremap((void *)hidden(page), page, 2 * page, 0) == MAP_FAILED);
    say("unmapped: errno %d\n", errno);
    int huge = mmap(NULL, hidden((size_t)1 << 62), PROT_READ,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
    say("huge: %d errno %d\n", huge, errno);
    pause_ms(150);
    return 0;
}
