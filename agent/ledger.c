/*
 * Writes this process' beginning and end, and what it executes, into the
 * ledger that all processes of a check share.
 *
 * An entry is claimed by counting, filled, and given its kind last, so that
 * a reader sees whole ones only.
 */
#include "agent/ledger.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "agent/format/ledger.h"
#include "agent/identity.h"
#include "agent/os.h"
#include "agent/sandbox.h"
#include "agent/track.h"

static struct tenure_ledger *ledger;

/* A page past the end of the file would be deadly to touch. */
static bool is_whole(int fd)
{
    struct stat st;
    return tenure__syscall2(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size >= (off_t)sizeof *ledger;
}

void tenure__ledger_open(const char *path)
{
    if (*path == 0)
        return;
    int fd = (int)tenure__syscall4(SYS_openat, AT_FDCWD, path,
                                   O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    long at = -1;
    if (is_whole(fd))
        at = tenure__syscall6(SYS_mmap, 0, sizeof *ledger,
                              PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    tenure__syscall1(SYS_close, fd);
    if (at < 0 && at > -4096)
        return;
    tenure__os_mine((uint64_t)at, sizeof *ledger);
    ledger = (struct tenure_ledger *)at;
}

struct tenure_ledger_entry *tenure__ledger_take(void)
{
    if (ledger == NULL)
        return NULL;
    uint64_t at = __atomic_fetch_add(&ledger->count, 1, __ATOMIC_ACQ_REL);
    return at < TENURE_LEDGER_ENTRIES ? &ledger->at[at] : NULL;
}

static void fill(struct tenure_ledger_entry *entry, uint32_t pid,
                 enum tenure_ledger_kind kind, const char *name)
{
    size_t bytes = strnlen(name, sizeof entry->name - 1);
    if (entry == NULL)
        return;
    memcpy(entry->name, name, bytes);
    entry->pid = pid;
    __atomic_store_n(&entry->kind, (uint32_t)kind, __ATOMIC_RELEASE);
}

void tenure__ledger_began(void)
{
    fill(tenure__ledger_take(), tenure__identity.pid, TENURE_LEDGER_BEGAN,
         tenure__identity.name);
}

void tenure__ledger_ended(void)
{
    fill(tenure__ledger_take(), tenure__identity.pid, TENURE_LEDGER_ENDED,
         tenure__identity.name);
}

/* ---- for the hooks around exec ----------------------------------------- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

struct tenure_ledger_entry *tenure__track_exec_begins(const char *path)
{
    if (ledger == NULL || path == NULL || !tenure__sandbox_may_ask_pid())
        return NULL;
    struct tenure_ledger_entry *entry = tenure__ledger_take();
    fill(entry, (uint32_t)tenure__os_pid(), TENURE_LEDGER_EXECUTED,
         base_of(path));
    return entry;
}

void tenure__track_exec_failed(struct tenure_ledger_entry *entry)
{
    if (entry != NULL)
        __atomic_store_n(&entry->kind, TENURE_LEDGER_VOID, __ATOMIC_RELEASE);
}

struct tenure_ledger_entry *tenure__track_spawn_begins(void)
{
    return tenure__ledger_take();
}

void tenure__track_spawned(struct tenure_ledger_entry *entry, int pid,
                           const char *path)
{
    fill(entry, (uint32_t)pid, TENURE_LEDGER_EXECUTED, base_of(path));
}
