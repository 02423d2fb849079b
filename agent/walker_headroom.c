/*
 * How much memory there is to be had before somebody is killed for it.
 *
 * Looked at before a walker is made: it costs page tables, its own tables,
 * and a copy of every page that the service writes to while it lives. In
 * come the files of the control group and /proc; out goes the smallest of
 * what they leave.
 */
#include <string.h>

#include "agent/proc.h"
#include "agent/procfs.h"
#include "agent/text.h"
#include "agent/walker.h"

#define PATH_ROOM 4608

static const char *join(char *path, size_t room, const char *directory,
                        const char *file)
{
    struct tenure__text text;
    tenure__text_start(&text, path, room);
    tenure__text_add(&text, directory);
    tenure__text_add(&text, file);
    return path;
}

/* UINT64_MAX: there is no such file, or it says "max". */
static uint64_t read_number(const char *directory, const char *file)
{
    char path[PATH_ROOM], text[64];
    const char *at = text;
    uint64_t number;
    if (tenure__read_file(join(path, sizeof path, directory, file), text,
                          sizeof text) <= 0 ||
        !tenure__text_parse_number(&at, &number))
        return UINT64_MAX;
    return number;
}

/* What a group leaves: its limit less its use, file cache not counted. */
static uint64_t group_left(const char *directory, const char *limit_file,
                           const char *usage_file)
{
    char path[PATH_ROOM], text[4096];
    uint64_t limit = read_number(directory, limit_file);
    uint64_t usage = read_number(directory, usage_file);
    if (limit == UINT64_MAX || usage == UINT64_MAX || limit >> 60 != 0)
        return UINT64_MAX;
    tenure__read_file(join(path, sizeof path, directory, "/memory.stat"), text,
                      sizeof text);
    uint64_t cache = tenure__field(text, "inactive_file ");
    usage -= cache < usage ? cache : usage;
    return limit > usage ? limit - usage : 0;
}

/* The group's line in /proc/self/cgroup is "4:memory:/path" in version 1,
 * "0::/path" in version 2. */
static uint64_t groups_left(void)
{
    char text[4096], directory[PATH_ROOM];
    if (tenure__read_file("/proc/self/cgroup", text, sizeof text) <= 0)
        return UINT64_MAX;
    const char *v1 = tenure__proc_find(text, ":memory:");
    const char *v2 = tenure__proc_find(text, "0::");
    char *at = text + ((v1 != NULL ? v1 : v2 != NULL ? v2 : text) - text);
    at[strcspn(at, "\n")] = 0;
    if (v1 != NULL)
        return group_left(
            join(directory, sizeof directory, "/sys/fs/cgroup/memory", at),
            "/memory.limit_in_bytes", "/memory.usage_in_bytes");
    return group_left(join(directory, sizeof directory, "/sys/fs/cgroup",
                           v2 != NULL ? at : ""),
                      "/memory.max", "/memory.current");
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Where memory is promised only once (overcommit_memory 2), what is left
 * after a second promise for all we have. */
static uint64_t promises_left(const char *meminfo)
{
    char text[2048];
    if (read_number("/proc/sys/vm", "/overcommit_memory") != 2)
        return UINT64_MAX;
    tenure__read_file("/proc/self/status", text, sizeof text);
    uint64_t limit = tenure__field(meminfo, "CommitLimit");
    uint64_t used = tenure__field(meminfo, "Committed_AS");
    uint64_t ours = tenure__field(text, "VmData");
    return limit > used + ours ? (limit - used - ours) * 1024 : 0;
}

uint64_t tenure__walker_headroom(void)
{
    char text[4096];
    uint64_t left = groups_left();
    if (tenure__read_file("/proc/meminfo", text, sizeof text) <= 0)
        return left;
    uint64_t available = tenure__field(text, "MemAvailable") * 1024;
    return smaller(smaller(left, available), promises_left(text));
}
