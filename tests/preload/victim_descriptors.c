/*
 * New descriptors have the numbers they always had, at every moment, while
 * snapshots are written.
 *
 * expect: major
 */
#include "victim.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

int main(void)
{
    int last = -1;
    for (int round = 0; round < 300; round++) {
        int ends[2], pair[2];
        int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CHECK(pipe(ends) == 0);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        int epoll = epoll_create1(0), event = eventfd(0, 0), copy = dup(1);
        FILE *stream = fopen("/dev/null", "r");
        int sum = file * 100000 + pair[0] * 10000 + epoll * 1000 + event * 100 +
                  copy * 10 + fileno(stream);
        if (sum != last)
            say("round %d: %d %d %d %d %d %d %d %d %d\n", round, file, ends[0],
                ends[1], pair[0], pair[1], epoll, event, copy, fileno(stream));
        last = sum;
        fclose(stream);
        for (int descriptor = file; descriptor <= copy; descriptor++)
            close(descriptor);
        free(used(malloc(10000)));
        pause_ms(1);
    }
    return 0;
}
