/*
 * Finds runs of empty slot pages without heap behind them, and moves them
 * away. A run is at most 64 pages: 1 MiB of heap under glibc.
 */
#include "agent/release.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "agent/blocks.h"
#include "agent/os.h"
#include "agent/procfs.h"

#define RUN_PAGES 64

struct releasing {
    int pagemap;
    uint64_t at, bytes; /* of the run of slots */
    uint64_t heap_start, heap_end;
};

static bool refused; /* by the kernel: do not ask again */

static bool is_empty(const struct tenure__slot_page *page)
{
    const uint64_t *slot = (const uint64_t *)page->at;
    for (uint64_t i = 0; i < page->bytes / sizeof *slot; i++)
        if (__atomic_load_n(&slot[i], __ATOMIC_RELAXED) != 0)
            return false;
    return true;
}

/* What was written between the look and the move goes back, unless the slot
 * has been written again since. */
static void put_back(const uint64_t *moved, uint64_t *place, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t empty = 0;
        if (tenure__unlikely(moved[i] != 0))
            __atomic_compare_exchange_n(&place[i], &empty, moved[i], 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

static void move_away(uint64_t at, uint64_t bytes)
{
    long moved = tenure__syscall5(SYS_mremap, at, bytes, bytes,
                                  MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    if (moved < 0 && moved > -4096) {
        refused = true;
        return;
    }
    put_back((const uint64_t *)moved, (uint64_t *)at, bytes / sizeof(uint64_t));
    tenure__syscall2(SYS_munmap, moved, bytes);
}

static void end_run(struct releasing *run)
{
    if (run->bytes > 0 && !refused &&
        tenure__resident_pages(run->pagemap, run->heap_start, run->heap_end) ==
            0)
        move_away(run->at, run->bytes);
    run->bytes = 0;
}

static void visit(const struct tenure__slot_page *page, void *with)
{
    struct releasing *run = with;
    if (!is_empty(page)) {
        end_run(run);
        return;
    }
    if (run->bytes == RUN_PAGES * page->bytes ||
        page->at != run->at + run->bytes)
        end_run(run);
    if (run->bytes == 0) {
        run->at = page->at;
        run->heap_start = page->heap_start;
    }
    run->bytes += page->bytes;
    run->heap_end = page->heap_start + page->heap_bytes;
}

void tenure__release(void)
{
    struct releasing run = {0};
    if (refused)
        return;
    run.pagemap = (int)tenure__syscall4(
        SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
    if (run.pagemap < 0)
        return; /* cannot tell whether the heap is gone */
    tenure__blocks_each_page(visit, &run);
    end_run(&run);
    tenure__syscall1(SYS_close, run.pagemap);
}
