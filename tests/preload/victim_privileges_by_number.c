/*
 * Gives up its capabilities by capset(2) and its user by a system call by
 * number, as programs without threads may: no thread of the process has them
 * any longer when the call returns, the agent's neither. What can be taken
 * back leaves the agent alone.
 *
 * expect: major
 * expect: root
 */
#include "victim.h"

#include <linux/capability.h>
#include <sys/syscall.h>

#include "tasks.h"

int capset(void *header, const void *data);

static void keep_only(unsigned capabilities)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{capabilities, capabilities, 0},
                                             {0, 0, 0}};
    CHECK(capset(&header, data) == 0);
}

static void allocate(void)
{
    for (int i = 0; i < 5000; i++)
        free(used(malloc(100)));
}

int main(void)
{
    allocate();
    pause_ms(150);
    CHECK(syscall(SYS_setresuid, -1, 65534, -1) == 0);
    CHECK(syscall(SYS_setresuid, -1, 0, -1) == 0);
    keep_only(1u << CAP_SETUID | 1u << CAP_SETGID);
    allocate();
    CHECK(syscall(SYS_setgroups, 0, NULL) == 0);
    CHECK(syscall(SYS_setresgid, 65534, 65534, 65534) == 0);
    CHECK(syscall(SYS_setresuid, 65534, 65534, 65534) == 0);
    say("root: %d\n", tasks_with(is_root));
    keep_only(0);
    say("with capabilities: %d\n", tasks_with(has_capabilities));
    allocate();
    pause_ms(300);
    return 0;
}
