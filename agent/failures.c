/*
 * Counts snapshots that could not be written, in memory that forked children
 * share with their parent.
 */
#include "agent/failures.h"

#include <stddef.h>
#include <sys/mman.h>

#include "agent/os.h"

struct failures {
    uint64_t count;
    int32_t error;
};

static struct failures own;
static struct failures *failures = &own;

void tenure__failures_open(void)
{
    size_t bytes = tenure__os_page_bytes();
    long at = tenure__syscall6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096)
        return;
    tenure__os_mine((uint64_t)at, bytes);
    failures = (struct failures *)at;
}

void tenure__failures_add(int error)
{
    __atomic_store_n(&failures->error, -error, __ATOMIC_RELAXED);
    __atomic_fetch_add(&failures->count, 1, __ATOMIC_RELEASE);
}

uint64_t tenure__failures_count(void)
{
    return __atomic_load_n(&failures->count, __ATOMIC_ACQUIRE);
}

int tenure__failures_error(void)
{
    return __atomic_load_n(&failures->error, __ATOMIC_RELAXED);
}
