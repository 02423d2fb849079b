/*
 * Chooses how to stop the threads, and keeps the table of their registers.
 *
 * The table is mapped at the first stop and stays: a walker reads it in its
 * own copy of our memory while we may already be at the next stop.
 */
#include "agent/stop.h"

#include <errno.h>

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

int tenure__stop(enum tenure__stop_method method, uint32_t watchdog_ms,
                 tenure__stop_body *body, void *with,
                 struct tenure__stopped *stopped)
{
    *stopped = (struct tenure__stopped){.method = method};
    if (table == NULL && method != TENURE__STOP_NONE)
        table = tenure__os_map(TENURE_STOP_THREADS_MAX * sizeof *table);
    if (table == NULL && method != TENURE__STOP_NONE)
        return -ENOMEM;
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
