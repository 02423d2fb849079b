/*
 * Sets a seccomp filter for all its threads at once, after asking what the
 * kernel can do as libseccomp asks; the agent's thread would not survive it.
 *
 * expect: major
 * expect: snapshots none
 */
#include "victim.h"

#include <sys/prctl.h>

#include "filter.h"

static void enter_sandbox(void)
{
    struct sock_filter filter[] = {FILTER_START, ALLOW_COMPUTING, FILTER_END};
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                  SECCOMP_FILTER_FLAG_TSYNC, NULL) < 0 &&
          errno == EFAULT);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                  SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
}

int main(void)
{
    free(used(malloc(1))); /* libc asks for random bytes once */
    pause_ms(150);
    enter_sandbox();
    for (int i = 0; i < 20000; i++)
        free(used(realloc(used(malloc(50)), 5000)));
    pause_ms(250);
    free(used(malloc(50 << 20)));
    say("out of the sandbox\n");
    return 0;
}
