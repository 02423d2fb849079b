/*
 * Starts again with RLIMIT_NOFILE of 8, then uses up every descriptor: there
 * are as many as without the agent, and EMFILE comes at the same one.
 *
 * expect: major
 */
#include "victim.h"

#include <fcntl.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        struct rlimit limit = {8, 8};
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        pause_ms(150);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        return 1;
    }
    int opened[16];
    int count = 0;
    while (count < 16 && (opened[count] = open("/dev/null", O_RDWR)) >= 0)
        count++;
    say("%d descriptors, errno %d, first %d\n", count, errno, opened[0]);
    for (int i = 0; i < 20000; i++)
        free(used(malloc(100)));
    pause_ms(250);
    for (int i = 0; i < count; i++)
        close(opened[i]);
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(150);
    return 0;
}
