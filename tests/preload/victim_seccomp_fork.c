/*
 * Enters a filter that allows little more than computing and forking, and
 * forks: the child inherits the filter, and allocates. Only the parent, whose
 * helper was there before, goes on writing snapshots.
 *
 * expect: live kept_in_the_sandbox 100 10000
 */
#include "victim.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "filter.h"

static void enter_sandbox(void)
{
    struct sock_filter filter[] = {FILTER_START,
                                   ALLOW_COMPUTING,
                                   ALLOW(__NR_prctl),
                                   ALLOW(__NR_clone),
                                   ALLOW(__NR_set_robust_list),
                                   ALLOW(__NR_gettid),
                                   ALLOW(__NR_wait4),
                                   FILTER_END};
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static NOINLINE void *kept_in_the_sandbox(void)
{
    return used(malloc(100));
}

static void allocate(void)
{
    for (int i = 0; i < 5000; i++)
        free(used(malloc(50)));
}

int main(void)
{
    static void *kept[100];
    free(used(malloc(1))); /* libc asks for random bytes once */
    pause_ms(150);
    enter_sandbox();
    for (int i = 0; i < 100; i++)
        kept[i] = kept_in_the_sandbox();
    for (int i = 0; i < 3; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            allocate();
            pause_ms(50);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        say("child: %d\n", status);
    }
    allocate();
    pause_ms(150);
    return kept[0] == NULL;
}
