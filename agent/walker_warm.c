/*
 * Has the processor's caches filled with what a fork reads.
 *
 * A fork looks at the page table and at the kernel's own record of every
 * page, 64 bytes each, and waits for memory at most of them. Asking for
 * /proc/self/pagemap looks at the same; done just before the threads are
 * stopped, it takes a quarter off the time that they stand still. In come
 * the mappings; nothing goes out.
 */
#include <fcntl.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/procfs.h"
#include "agent/walker.h"

#define PIECE_BYTES (1ull << 20) /* between two looks at the clock */

void tenure__walker_warm(const struct tenure__ranges *mappings)
{
    uint64_t until =
        tenure__os_monotonic_ns() + TENURE_WALKER_WARM_MS * 1000000ull;
    int pagemap = tenure__proc_open(0, 0, "pagemap", O_RDONLY);
    if (pagemap < 0)
        return; /* not dumpable: then the stop takes longer */
    for (uint32_t i = 0; i < mappings->count; i++) {
        const struct tenure__range *range = &mappings->range[i];
        for (uint64_t at = range->start;
             at < range->end && tenure__os_monotonic_ns() < until;
             at += PIECE_BYTES) {
            uint64_t left = range->end - at;
            tenure__resident_pages(
                pagemap, at, at + (left < PIECE_BYTES ? left : PIECE_BYTES));
        }
    }
    tenure__syscall1(SYS_close, pagemap);
}
