/*
 * Enters a seccomp filter that kills the process at any system call but those
 * of a computing thread, memory and exit; and goes on allocating until it
 * exits. Whatever the agent does on this thread must be within the list.
 *
 * expect: major
 * expect: live kept_in_the_sandbox 100 10000
 */
#include "victim.h"

#include <sys/prctl.h>

#include "filter.h"

static void enter_sandbox(void)
{
    struct sock_filter filter[] = {FILTER_START, ALLOW_COMPUTING, FILTER_END};
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static NOINLINE void *kept_in_the_sandbox(void)
{
    return used(malloc(100));
}

int main(void)
{
    static void *kept[100];
    free(used(malloc(1))); /* libc asks for random bytes once */
    pause_ms(150);
    enter_sandbox();
    for (int i = 0; i < 100; i++)
        kept[i] = kept_in_the_sandbox();
    for (int i = 0; i < 20000; i++)
        free(used(realloc(used(malloc(50)), 5000)));
    pause_ms(250);
    free(used(malloc(50 << 20)));
    say("out of the sandbox\n");
    return kept[0] == NULL;
}
