/*
 * Makes the file in which agents say that they began and ended, and finds
 * in it who did not.
 *
 * Entries are read in order, with a list of those processes that something
 * is still to come of: few at any time.
 */
#include "report/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "report/memory.h"
#include "report/text.h"

/* How long who is about to end may take: steps of 20 ms. */
enum { STEPS = 100, STEP_NS = 20000000 };

/* With root's rights others write to it as well: a service that gave up
 * root. */
static int fill(struct tenure_ledger_file *file, int fd)
{
    int error = posix_fallocate(fd, 0, sizeof *file->map);
    if (error != 0)
        return error;
    if (geteuid() == 0 && fchmod(fd, 0666) != 0)
        return errno;
    void *map = mmap(NULL, sizeof *file->map, PROT_READ | PROT_WRITE,
                     MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return errno;
    file->map = map;
    return 0;
}

int tenure_ledger_make(struct tenure_ledger_file *file, struct tenure_why *why)
{
    const char *parent = getenv("TMPDIR");
    char here[PATH_MAX] = "";
    if (!parent || !*parent)
        parent = "/tmp";
    if (*parent != '/' && !getcwd(here, sizeof here - 1))
        here[0] = 0;
    int length =
        snprintf(file->path, sizeof file->path, "%s%s%s/tenure-ledger-XXXXXX",
                 here, *here ? "/" : "", parent);
    int fd = -1, error = ENAMETOOLONG;
    if (length < (int)sizeof file->path && !strchr(file->path, ':')) {
        fd = mkostemp(file->path, O_CLOEXEC);
        error = fd < 0 ? errno : fill(file, fd);
    }
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && error != 0)
        unlink(file->path);
    if (error == 0)
        return 0;
    file->path[0] = 0;
    return tenure_because(why,
                          "cannot keep a list of processes in %s (%s), "
                          "so some may not have been seen; name another "
                          "directory in TMPDIR",
                          parent, strerror(error));
}

static void forget(struct tenure_ledger_left *left, size_t *count, uint32_t pid)
{
    for (size_t i = 0; i < *count; i++) {
        if (left[i].pid != pid)
            continue;
        left[i] = left[--*count];
        return;
    }
}

static bool is_one_of(const pid_t *pids, size_t count, uint32_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == (pid_t)pid)
            return true;
    return false;
}

static uint64_t entries(const struct tenure_ledger *map)
{
    uint64_t count = __atomic_load_n(&map->count, __ATOMIC_ACQUIRE);
    return count < TENURE_LEDGER_ENTRIES ? count : TENURE_LEDGER_ENTRIES;
}

static size_t read_once(const struct tenure_ledger *map, const pid_t *except,
                        size_t except_count, struct tenure_ledger_left *left)
{
    size_t count = 0;
    uint64_t end = entries(map);
    for (uint64_t i = 0; i < end; i++) {
        const struct tenure_ledger_entry *entry = &map->at[i];
        uint32_t kind = __atomic_load_n(&entry->kind, __ATOMIC_ACQUIRE);
        if (kind == TENURE_LEDGER_VOID || kind > TENURE_LEDGER_EXECUTED ||
            is_one_of(except, except_count, entry->pid))
            continue;
        forget(left, &count, entry->pid);
        if (kind == TENURE_LEDGER_ENDED)
            continue;
        struct tenure_ledger_left *one = &left[count++];
        *one = (struct tenure_ledger_left){
            .pid = entry->pid, .kind = (enum tenure_ledger_kind)kind};
        memcpy(one->name, entry->name, sizeof one->name - 1);
        tenure_text_clean(one->name);
    }
    return count;
}

/* A process that ended and that nobody waited for runs no more. */
static bool is_running(uint32_t pid)
{
    char path[64], text[512];
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *stat = fopen(path, "re");
    if (!stat)
        return false;
    size_t bytes = fread(text, 1, sizeof text - 1, stat);
    fclose(stat);
    text[bytes] = 0;
    const char *after = strrchr(text, ')');
    return after && after[1] == ' ' && after[2] != 'Z' && after[2] != 'X';
}

size_t tenure_ledger_read(const struct tenure_ledger_file *file,
                          const pid_t *except, size_t except_count,
                          struct tenure_ledger_left **left)
{
    size_t count = 0;
    *left = NULL;
    if (!file->map)
        return 0;
    for (int step = 0; step < STEPS; step++) {
        bool running = false;
        struct timespec wait = {0, STEP_NS};
        free(*left);
        *left = tenure_zeroed(entries(file->map) + 1, sizeof **left);
        count = read_once(file->map, except, except_count, *left);
        for (size_t i = 0; i < count; i++) {
            (*left)[i].running = is_running((*left)[i].pid);
            running |= (*left)[i].running;
        }
        if (!running)
            break;
        nanosleep(&wait, NULL);
    }
    return count;
}

bool tenure_ledger_overflowed(const struct tenure_ledger_file *file)
{
    return file->map && file->map->count > TENURE_LEDGER_ENTRIES;
}

void tenure_ledger_drop(struct tenure_ledger_file *file)
{
    if (!file->map)
        return;
    munmap(file->map, sizeof *file->map);
    unlink(file->path);
    file->map = NULL;
}
