/*
 * daemon(3): the first process is gone at once, by an _exit inside libc that
 * nobody sees; its child lives on in another session and directory.
 *
 * expect: snapshots none
 * expect: processes 1
 */
#include "victim.h"

int main(void)
{
    void *kept = used(malloc(100));
    say("before\n");
    CHECK(daemon(0, 1) == 0);
    char *directory = getcwd(NULL, 0);
    for (int i = 0; i < 2000; i++)
        free(used(malloc(300)));
    pause_ms(300);
    say("daemon in %s, group leader: %s\n", directory,
        getpgrp() == getpid() ? "yes" : "no");
    free(directory);
    free(kept);
    return 3;
}
