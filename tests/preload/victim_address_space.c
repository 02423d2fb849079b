/*
 * Starts again under RLIMIT_AS of 512 MiB: most of it must remain usable, and
 * when it is used up malloc says ENOMEM, no more and no less.
 *
 * expect: dropped any
 */
#include "victim.h"

#include <sys/resource.h>

enum { PIECE = 1 << 20, PIECES_MAX = 600, PIECES_PROMISED = 300 };

int main(int argc, char **argv)
{
    static void *pieces[PIECES_MAX];
    if (argc < 2) {
        struct rlimit limit = {512 << 20, 512 << 20};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        return 1;
    }
    int count = 0;
    while (count < PIECES_MAX && (pieces[count] = malloc(PIECE)))
        count++;
    CHECK(errno == ENOMEM && count < PIECES_MAX);
    say("enough: %s\n", count >= PIECES_PROMISED ? "yes" : "no");
    errno = 0;
    CHECK(!malloc(64 << 20) && errno == ENOMEM);
    for (int i = 0; i < count / 2; i++)
        free(pieces[i]);
    for (int i = 0; i < 20000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    for (int i = count / 2; i < count; i++)
        free(pieces[i]);
    return 0;
}
