/*
 * Changes its directory, removes the one it is in, changes its umask, and,
 * as root, its root directory: snapshots go where they always went.
 *
 * expect: major
 * expect: live kept_in_the_end 30 300
 */
#include "victim.h"

#include <sys/stat.h>

static NOINLINE void *kept_in_the_end(void)
{
    return used(malloc(10));
}

static void work(const char *where)
{
    for (int i = 0; i < 2000; i++)
        free(used(malloc(100)));
    pause_ms(200);
    say("%s\n", where);
}

int main(void)
{
    static void *kept[30];
    char directory[] = "/tmp/tenure-victim-root-XXXXXX";
    CHECK(mkdtemp(directory) && chdir(directory) == 0);
    work("in a directory");
    CHECK(rmdir(directory) == 0);
    work("in a removed directory");
    umask(0777);
    CHECK(chdir("/") == 0 && mkdir(directory, 0700) == 0);
    chmod(directory, 0700);
    if (chdir(directory) == 0 && chroot(directory) == 0)
        CHECK(chdir("/") == 0);
    work("in a root of its own");
    CHECK(umask(0) == 0777);
    for (int i = 0; i < 30; i++)
        kept[i] = kept_in_the_end();
    work("done");
    return kept[0] == NULL;
}
