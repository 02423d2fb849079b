/*
 * Reads and compares what threads may do.
 */
#include "agent/credentials.h"

#include <linux/capability.h>
#include <stddef.h>
#include <string.h>

#include "agent/os.h"

#define GROUPS_MAX 65536u /* the kernel's NGROUPS_MAX */

/* Without memory for the list its length has to do. */
static void read_groups(struct tenure__credentials *credentials)
{
    long count = tenure__syscall2(SYS_getgroups, 0, NULL);
    size_t bytes = GROUPS_MAX * sizeof(uint32_t);
    credentials->group_count = count > 0 ? (uint32_t)count : 0;
    uint32_t *group = count > 0 ? tenure__os_map(bytes) : NULL;
    if (group == NULL)
        return;
    count = tenure__syscall2(SYS_getgroups, GROUPS_MAX, group);
    for (long i = 0; i < count; i++)
        credentials->group_hash = credentials->group_hash * 31 + group[i] + 1;
    tenure__os_unmap(group, bytes);
}

void tenure__credentials_read(struct tenure__credentials *credentials)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct half[2];
    uint32_t *uid = credentials->uid, *gid = credentials->gid;
    memset(half, 0, sizeof half);
    memset(credentials, 0, sizeof *credentials);
    tenure__syscall3(SYS_getresuid, &uid[0], &uid[1], &uid[2]);
    tenure__syscall3(SYS_getresgid, &gid[0], &gid[1], &gid[2]);
    read_groups(credentials);
    if (tenure__syscall2(SYS_capget, &header, half) == 0)
        credentials->permitted = half[0].permitted | (uint64_t)half[1].permitted
                                                         << 32;
}

static bool all_among(const uint32_t one[3], const uint32_t other[3])
{
    for (int i = 0; i < 3; i++)
        if (one[i] != other[0] && one[i] != other[1] && one[i] != other[2])
            return false;
    return true;
}

bool tenure__credentials_exceed(const struct tenure__credentials *one,
                                const struct tenure__credentials *other)
{
    return !all_among(one->uid, other->uid) ||
           !all_among(one->gid, other->gid) ||
           one->group_count != other->group_count ||
           one->group_hash != other->group_hash ||
           (one->permitted & ~other->permitted) != 0;
}
