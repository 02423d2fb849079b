/*
 * What /proc tells about another process: who it is, whose it is, and whether
 * the agent is mapped in it.
 *
 * /proc/PID/status gives the identity (NSpid is the number by which the agent
 * calls itself in a container), /proc/PID/maps the agent, /proc/PID/root the
 * way to a file that the process named.
 */
#include "report/peer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *open_proc(int pid, const char *file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    return fopen(path, "re");
}

static void read_status_line(const char *line, struct tenure_peer *peer)
{
    if (strncmp(line, "Name:\t", 6) == 0) {
        size_t length = strcspn(line + 6, "\n");
        snprintf(peer->name, sizeof peer->name, "%.*s", (int)length, line + 6);
    } else if (strncmp(line, "State:\t", 7) == 0) {
        peer->state = line[7];
    } else if (strncmp(line, "PPid:\t", 6) == 0) {
        peer->parent = (int)strtol(line + 6, NULL, 10);
    } else if (strncmp(line, "Uid:\t", 5) == 0) {
        char *at = (char *)line + 5;
        for (int i = 0; i < 3; i++)
            peer->uids[i] = (uid_t)strtoul(at, &at, 10);
    } else if (strncmp(line, "NSpid:\t", 7) == 0) {
        peer->inner_pid = (int)strtol(strrchr(line, '\t') + 1, NULL, 10);
    }
}

/* A process goes on when its first thread has ended, but that one has no
 * memory, files or namespaces any more. */
static void find_living(struct tenure_peer *peer)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/task", peer->pid);
    DIR *tasks = opendir(path);
    struct dirent *entry;
    while (tasks && peer->state == 'Z' && (entry = readdir(tasks))) {
        struct tenure_peer thread = {0};
        int tid = (int)strtol(entry->d_name, NULL, 10);
        FILE *status = tid > 0 ? open_proc(tid, "status") : NULL;
        while (status && fgets(line, sizeof line, status))
            read_status_line(line, &thread);
        if (status)
            fclose(status);
        if (!thread.state || strchr("ZX", thread.state))
            continue;
        peer->state = thread.state;
        peer->thread = tid;
    }
    if (tasks)
        closedir(tasks);
}

int tenure_peer_read(int pid, struct tenure_peer *peer)
{
    char line[512];
    FILE *status = open_proc(pid, "status");
    if (!status)
        return -1;
    memset(peer, 0, sizeof *peer);
    peer->pid = peer->inner_pid = peer->thread = pid;
    while (fgets(line, sizeof line, status))
        read_status_line(line, peer);
    fclose(status);
    if (peer->state == 'Z')
        find_living(peer);
    return peer->state && !strchr("ZX", peer->state) ? 0 : -1;
}

int tenure_peer_named(const char *text, struct tenure_peer *peer,
                      struct tenure_why *why)
{
    char *end;
    errno = 0;
    long pid = strtol(text, &end, 10);
    if (end == text || *end || errno || pid <= 0 || pid > INT_MAX)
        return tenure_because(why,
                              "'%s' is not a process id; `tenure ps` "
                              "lists those that carry the agent",
                              text);
    if (tenure_peer_read((int)pid, peer) != 0)
        return tenure_because(why,
                              "process %ld does not exist (any more); "
                              "`tenure ps` lists those that carry the "
                              "agent",
                              pid);
    return 0;
}

bool tenure_peer_is_ours(const struct tenure_peer *peer)
{
    return geteuid() == 0 || geteuid() == peer->uids[1];
}

/* Is this line of /proc/PID/maps the agent? Not a file that once was. */
static bool is_agent(char *line)
{
    char *end = strchr(line, '\n');
    if (end)
        *end = 0;
    char *name = strrchr(line, '/');
    return name && (strcmp(name, "/libtenure.so") == 0 ||
                    strcmp(name, "/libtenure.so (deleted)") == 0);
}

/* The agent's own copy of a service, which marks what is reachable and is
 * gone a moment later (agent/walker.c). */
static bool is_walker(const struct tenure_peer *peer)
{
    char name[32] = "";
    FILE *comm = open_proc(peer->pid, "comm");
    if (!comm)
        return false;
    bool walker =
        fgets(name, sizeof name, comm) && strcmp(name, "tenure-walker\n") == 0;
    fclose(comm);
    return walker;
}

enum tenure_carries tenure_peer_carries(const struct tenure_peer *peer)
{
    char line[PATH_MAX + 128];
    bool found = false;
    if (is_walker(peer))
        return TENURE_CARRIES_NOT;
    FILE *maps = open_proc(peer->thread, "maps");
    if (!maps)
        return TENURE_UNKNOWN;
    while (!found && fgets(line, sizeof line, maps))
        found = is_agent(line);
    bool refused = ferror(maps);
    fclose(maps);
    if (found)
        return TENURE_CARRIES;
    return refused ? TENURE_UNKNOWN : TENURE_CARRIES_NOT;
}

void tenure_peer_exe(const struct tenure_peer *peer, char *path, size_t bytes)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/exe", peer->thread);
    ssize_t length = readlink(link, path, bytes - 1);
    path[length > 0 ? length : 0] = 0;
}

void tenure_peer_file(const struct tenure_peer *peer, const char *path,
                      char *ours, size_t bytes)
{
    struct stat there, here;
    int length = snprintf(ours, bytes, "/proc/%d/root%s", peer->thread, path);
    bool fits = length >= 0 && (size_t)length < bytes;
    if (!fits || stat(ours, &there) != 0 ||
        (stat(path, &here) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino))
        snprintf(ours, bytes, "%s", path);
}

static int by_number(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

int tenure_peer_all(int **pids)
{
    struct dirent *entry;
    int count = 0, room = 0;
    DIR *proc = opendir("/proc");
    *pids = NULL;
    if (!proc)
        return -1;
    while ((entry = readdir(proc))) {
        int pid = (int)strtol(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        if (count == room) {
            room = room ? 2 * room : 256;
            int *larger = realloc(*pids, (size_t)room * sizeof **pids);
            if (!larger)
                break;
            *pids = larger;
        }
        (*pids)[count++] = pid;
    }
    closedir(proc);
    if (count > 0)
        qsort(*pids, (size_t)count, sizeof **pids, by_number);
    return count;
}

static bool descends(const struct tenure_peer *peer, int ancestor)
{
    struct tenure_peer at = *peer;
    /* Bounded: PIDs may be reused while we climb. */
    for (int i = 0; i < 64 && at.parent > 0; i++) {
        if (at.parent == ancestor)
            return true;
        if (tenure_peer_read(at.parent, &at) != 0)
            return false;
    }
    return false;
}

int tenure_peer_descendants(int pid, char *list, size_t bytes)
{
    struct tenure_peer peer;
    int *pids, found = 0;
    int count = tenure_peer_all(&pids);
    size_t used = 0;
    *list = 0;
    for (int i = 0; i < count; i++) {
        char text[16];
        if (tenure_peer_read(pids[i], &peer) != 0 || !descends(&peer, pid) ||
            tenure_peer_carries(&peer) != TENURE_CARRIES)
            continue;
        int length =
            snprintf(text, sizeof text, "%s%d", found ? ", " : "", pids[i]);
        if (used + (size_t)length < bytes) {
            strcpy(list + used, text);
            used += (size_t)length;
        }
        found++;
    }
    free(pids);
    return found;
}
