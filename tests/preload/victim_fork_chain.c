/*
 * A long chain of forks: each process forks the next one and waits for it,
 * so that whatever fork copies does not pile up.
 *
 * expect: processes 12
 * expect: live keep_in_each 1 50
 */
#include "victim.h"

#include <sys/wait.h>

enum { LENGTH = 12 };

static NOINLINE void *keep_in_each(void)
{
    return used(malloc(50));
}

int main(void)
{
    int depth = 0;
    void *kept = keep_in_each();
    for (;;) {
        for (int i = 0; i < 300; i++)
            free(used(malloc(500)));
        pid_t child = depth + 1 < LENGTH ? fork() : -1;
        if (child < 0)
            break;
        if (child > 0) {
            int status;
            CHECK(waitpid(child, &status, 0) == child);
            CHECK(WEXITSTATUS(status) == depth + 1);
            break;
        }
        depth++;
        free(kept);
        kept = keep_in_each();
    }
    say("depth %d\n", depth);
    return depth;
}
