/*
 * The few services the agent asks of the system, by raw system call.
 */
#include "os.h"

#include <linux/time.h>
#include <sys/auxv.h>
#include <sys/mman.h>

void *tenure__os_map(size_t bytes)
{
    long at = tenure__syscall6(SYS_mmap, 0, (long)bytes,
                               PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                               -1, 0);
    return at < 0 && at > -4096 ? NULL : (void *)at;
}

void tenure__os_unmap(void *start, size_t bytes)
{
    tenure__syscall2(SYS_munmap, start, bytes);
}

static uint64_t clock_ns(int clock)
{
    struct { int64_t sec, nsec; } now = {0, 0};
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

size_t tenure__os_page_bytes(void)
{
    return (size_t)getauxval(AT_PAGESZ);
}
