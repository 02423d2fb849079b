/*
 * posix_spawn, system and popen of programs that print, fail, die of a signal
 * and do not exist, with an environment of their own too.
 *
 * expect: processes 3
 */
#include "victim.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static int spawn(const char *script, char **environment)
{
    pid_t child;
    int status;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environment) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

int main(void)
{
    char line[100] = "", *empty[] = {"ONLY=this", NULL};
    char *nothing[] = {NULL};
    pid_t child;
    for (int i = 0; i < 100; i++)
        free(used(malloc(1000)));
    say("%d\n", spawn("echo spawned; exit 3", environ));
    say("%d\n", spawn("echo error >&2; kill -9 $$", environ));
    say("%d\n", spawn("echo only $ONLY; env | grep -v ^PWD= | wc -l", empty));
    say("%d\n",
        posix_spawn(&child, "/nonexistent", NULL, NULL, nothing, environ));
    say("%d\n", system("echo by system; exit 4"));
    FILE *pipe = popen("echo by popen; cat /proc/version | wc -l", "r");
    CHECK(pipe && fgets(line, sizeof line, pipe));
    say("%s", line);
    CHECK(fgets(line, sizeof line, pipe));
    say("%s%d\n", line, pclose(pipe));
    pause_ms(150);
    return 0;
}
