/*
 * Looks for the process of a snapshot among those that run.
 *
 * Its PID is the one it has in its own namespace, and may be another's by
 * now: that one began after the snapshot was taken.
 */
#include "report/ended.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "report/peer.h"

/* Clocks are compared that were set apart, and one counts in ticks. */
enum { SLACK_SECONDS = 10 };

/* Seconds since the epoch; 0 = not known. */
static uint64_t began(int pid)
{
    char path[64], text[1024];
    struct timespec up, now;
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *stat = fopen(path, "re");
    if (!stat)
        return 0;
    size_t bytes = fread(text, 1, sizeof text - 1, stat);
    fclose(stat);
    text[bytes] = 0;
    const char *after = strrchr(text, ')');
    /* Field 22; the one after the name is the third. */
    for (int field = 2; after && field < 22; field++)
        after = strchr(after + 1, ' ');
    if (!after || sscanf(after, "%llu", &ticks) != 1 ||
        clock_gettime(CLOCK_BOOTTIME, &up) != 0 ||
        clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (uint64_t)(now.tv_sec - up.tv_sec) +
           ticks / (uint64_t)sysconf(_SC_CLK_TCK);
}

static bool is_it(int pid, const struct tenure_process *process)
{
    struct tenure_peer peer;
    return tenure_peer_read(pid, &peer) == 0 &&
           peer.inner_pid == (int)process->pid &&
           began(pid) <= process->time_unix_ns / 1000000000 + SLACK_SECONDS;
}

bool tenure_ended_without_last(const struct tenure_snapshot *last)
{
    const struct tenure_process *process = last->process;
    struct utsname here;
    int *pids;
    if (process->trigger == TENURE_TRIGGER_EXIT ||
        process->trigger == TENURE_TRIGGER_FATAL || uname(&here) != 0 ||
        strcmp(here.nodename, tenure_snapshot_string(last, process->host)) != 0)
        return false;
    if (kill((pid_t)process->pid, 0) != 0 && errno == EPERM)
        return false; /* there is one, and we may not see whose */
    int count = tenure_peer_all(&pids);
    if (count < 0)
        return false;
    bool runs = false;
    for (int i = 0; i < count && !runs; i++)
        runs = is_it(pids[i], process);
    free(pids);
    return !runs;
}

bool tenure_ended_failing(const char *snapshot, char *path, size_t bytes)
{
    size_t stem = strlen(snapshot);
    for (int dots = 0; stem > 0 && dots < 2; stem--)
        dots += snapshot[stem - 1] == '.';
    return stem > 0 && stem < 4096 &&
           (size_t)snprintf(path, bytes, "%.*s.failed", (int)stem, snapshot) <
               bytes &&
           access(path, F_OK) == 0;
}
