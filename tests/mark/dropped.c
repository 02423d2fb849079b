/* A service that has given its privileges up: nobody may look at its threads.
 * Its waits have to end all the same, though a snapshot meets each. */
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

int main(void)
{
    struct epoll_event event;
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    for (int i = 0; i < 3; i++)
        if (epoll_wait(set, &event, 1, 333) != 0)
            return 1;
    puts("ended");
    return 0;
}
