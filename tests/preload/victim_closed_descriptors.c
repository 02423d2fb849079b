/*
 * A service that closes every descriptor it finds, twice, as daemons do: from
 * 3 up at once, then 0 to 1023 one by one; and goes on working.
 *
 * expect: major
 * expect: live kept_afterwards 10 1000
 */
#include "victim.h"

#include <fcntl.h>
#include <sys/resource.h>

static NOINLINE void *kept_afterwards(void)
{
    return used(malloc(100));
}

static void work(void)
{
    for (int i = 0; i < 3000; i++)
        free(used(malloc(100)));
    pause_ms(250);
}

int main(void)
{
    static void *kept[10];
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    work();
    CHECK(close_range(3, ~0U, 0) == 0);
    say("opened %d\n", open("/dev/null", O_RDONLY));
    work();
    int aside = fcntl(1, F_DUPFD, 1500);
    CHECK(aside >= 1500);
    int closed = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        closed += close(descriptor) == 0;
    int first = open("/dev/null", O_RDWR), second = dup(aside);
    say("closed %d, opened %d and %d\n", closed, first, second);
    for (int i = 0; i < 10; i++)
        kept[i] = kept_afterwards();
    work();
    CHECK(dup(first) == 2);
    CHECK(close_range(3, ~0U, 0) == 0);
    say("last %d\n", dup(0));
    return kept[0] == NULL;
}
