/*
 * The few services the agent asks of the system, by raw system call.
 */
#include "agent/os.h"

#include <linux/time.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Every range of agent memory. Beyond the last entry ranges are not listed:
 * they count as the service's, nothing else. */
#define RANGES_MAX 65536u

#define LARGE_PAGE_BYTES (2u << 20)

static struct tenure__range ranges[RANGES_MAX];
static uint32_t ranges_used;

void tenure__os_mine(uint64_t start, uint64_t bytes)
{
    uint32_t used = __atomic_load_n(&ranges_used, __ATOMIC_RELAXED);
    for (uint32_t back = 1; back <= 64 && back <= used; back++) {
        struct tenure__range *range = &ranges[used - back];
        uint64_t hole = 0;
        if (!__atomic_compare_exchange_n(&range->start, &hole, start, 0,
                                         __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        __atomic_store_n(&range->end, start + bytes, __ATOMIC_RELEASE);
        return;
    }
    uint32_t index = __atomic_fetch_add(&ranges_used, 1, __ATOMIC_RELAXED);
    if (index >= RANGES_MAX) {
        __atomic_store_n(&ranges_used, RANGES_MAX, __ATOMIC_RELAXED);
        return;
    }
    __atomic_store_n(&ranges[index].start, start, __ATOMIC_RELAXED);
    __atomic_store_n(&ranges[index].end, start + bytes, __ATOMIC_RELEASE);
}

/* All of a range, or one end of it: jemalloc trims what it aligned. */
void tenure__os_not_mine(uint64_t start, uint64_t bytes)
{
    uint64_t end = start + bytes;
    uint32_t used = __atomic_load_n(&ranges_used, __ATOMIC_RELAXED);
    for (uint32_t i = used < RANGES_MAX ? used : RANGES_MAX; i-- > 0;) {
        struct tenure__range *range = &ranges[i];
        uint64_t from = __atomic_load_n(&range->start, __ATOMIC_RELAXED);
        uint64_t to = __atomic_load_n(&range->end, __ATOMIC_RELAXED);
        if (from == 0 || start < from || end > to)
            continue;
        if (start > from) {
            __atomic_store_n(&range->end, start, __ATOMIC_RELEASE);
        } else if (end < to) {
            __atomic_store_n(&range->start, end, __ATOMIC_RELEASE);
        } else {
            __atomic_store_n(&range->end, 0, __ATOMIC_RELEASE);
            __atomic_store_n(&range->start, 0, __ATOMIC_RELEASE);
        }
        return;
    }
}

bool tenure__os_mapped(uint32_t index, struct tenure__range *range)
{
    if (index >= __atomic_load_n(&ranges_used, __ATOMIC_ACQUIRE) ||
        index >= RANGES_MAX)
        return false;
    range->start = __atomic_load_n(&ranges[index].start, __ATOMIC_ACQUIRE);
    range->end = __atomic_load_n(&ranges[index].end, __ATOMIC_ACQUIRE);
    if (range->end < range->start)
        range->start = range->end = 0;
    return true;
}

static void *map_with(size_t bytes, int protection)
{
    long at =
        tenure__syscall6(SYS_mmap, 0, (long)bytes, protection,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at < 0 && at > -4096)
        return NULL;
    tenure__os_mine((uint64_t)at, bytes);
    return (void *)at;
}

void *tenure__os_map(size_t bytes)
{
    return map_with(bytes, PROT_READ | PROT_WRITE);
}

void *tenure__os_map_large(size_t bytes)
{
    void *memory = tenure__os_map(bytes);
    if (memory != NULL && bytes >= LARGE_PAGE_BYTES)
        tenure__syscall3(SYS_madvise, memory, bytes, MADV_HUGEPAGE);
    return memory;
}

void *tenure__os_reserve(size_t bytes)
{
    return map_with(bytes, PROT_READ);
}

int tenure__os_commit(void *start, size_t bytes)
{
    uint64_t page = tenure__os_page_bytes();
    uint64_t from = (uint64_t)start & ~(page - 1);
    uint64_t to = ((uint64_t)start + bytes + page - 1) & ~(page - 1);
    return (int)tenure__syscall3(SYS_mprotect, from, to - from,
                                 PROT_READ | PROT_WRITE);
}

void tenure__os_unmap(void *start, size_t bytes)
{
    tenure__os_not_mine((uint64_t)start, bytes);
    tenure__syscall2(SYS_munmap, start, bytes);
}

static uint64_t clock_ns(int clock)
{
    struct {
        int64_t sec, nsec;
    } now = {0, 0};
    tenure__syscall2(SYS_clock_gettime, clock, &now);
    return (uint64_t)now.sec * 1000000000u + (uint64_t)now.nsec;
}

uint64_t tenure__os_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t tenure__os_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int tenure__os_pid(void)
{
    return (int)tenure__syscall0(SYS_getpid);
}

int tenure__os_tid(void)
{
    return (int)tenure__syscall0(SYS_gettid);
}

uint64_t tenure__os_auxiliary(uint64_t type)
{
    return getauxval(type);
}

size_t tenure__os_page_bytes(void)
{
    return (size_t)getauxval(AT_PAGESZ);
}
