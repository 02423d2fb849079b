/*
 * Chooses how to stop the threads, and keeps the table of their registers.
 *
 * The table is mapped at the first stop and stays: a walker reads it in its
 * own copy of our memory while we may already be at the next stop.
 */
#include "agent/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/os.h"
#include "agent/stop_ptrace.h"
#include "agent/stop_signal.h"

static struct tenure__stopped_thread *table;

enum tenure__stop_method tenure__stop_probe(void)
{
    return tenure__stop_ptrace_probe() == 0 ? TENURE__STOP_PTRACE
                                            : TENURE__STOP_SIGNAL;
}

const char *tenure__stop_method_name(enum tenure__stop_method method)
{
    switch (method) {
    case TENURE__STOP_PTRACE:
        return "ptrace";
    case TENURE__STOP_SIGNAL:
        return "signal";
    case TENURE__STOP_NONE:
        break;
    }
    return "none";
}

uint32_t tenure__stop_room;

/* Makes the table writable for the threads that there are, and more that may
 * come meanwhile; all of it would count against RLIMIT_DATA. */
static int make_room(void)
{
    struct stat task;
    uint32_t wanted = 4096;
    if (table == NULL)
        table = tenure__os_reserve(TENURE_STOP_THREADS_MAX * sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    if (tenure__syscall4(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &task,
                         0) == 0)
        wanted = 2 * (uint32_t)task.st_nlink + 1024;
    if (wanted > TENURE_STOP_THREADS_MAX)
        wanted = TENURE_STOP_THREADS_MAX;
    if (wanted <= tenure__stop_room)
        return 0;
    int error = tenure__os_commit(table, wanted * sizeof *table);
    if (error == 0)
        tenure__stop_room = wanted;
    return tenure__stop_room > 0 ? 0 : error;
}

int tenure__stop(enum tenure__stop_method method, uint32_t watchdog_ms,
                 tenure__stop_body *body, void *with,
                 struct tenure__stopped *stopped)
{
    *stopped = (struct tenure__stopped){.method = method};
    int error = method != TENURE__STOP_NONE ? make_room() : 0;
    if (error != 0)
        return error;
    switch (method) {
    case TENURE__STOP_PTRACE:
        return tenure__stop_ptrace(table, watchdog_ms, body, with, stopped);
    case TENURE__STOP_SIGNAL:
        return tenure__stop_signal(table, watchdog_ms, body, with, stopped);
    case TENURE__STOP_NONE:
        body(stopped, with);
        return 0;
    }
    return -EINVAL;
}
