/*
 * Execs itself three times, by path and by descriptor, and then something
 * else; the process id stays, the agent starts anew each time.
 *
 * expect: exit 5
 */
#include "victim.h"

#include <fcntl.h>

extern char **environ;

int main(int argc, char **argv)
{
    int stage = argc > 1 ? argv[1][0] - '0' : 0;
    char next[2] = {(char)('1' + stage), 0};
    char *arguments[] = {argv[0], next, NULL};
    say("stage %d\n", stage);
    for (int i = 0; i < 1000; i++)
        free(used(malloc(200)));
    pause_ms(150);
    if (stage == 0 || stage == 1)
        execv("/proc/self/exe", arguments);
    if (stage == 2) {
        int self = open("/proc/self/exe", O_RDONLY);
        CHECK(self == 3);
        fexecve(self, arguments, environ);
    }
    close(3);
    execlp("nonexistent-program", "x", (char *)NULL);
    execl("/bin/sh", "sh", "-c", "echo the end; exit 5", (char *)NULL);
    return 1;
}
