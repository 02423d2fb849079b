/*
 * Moves pages of slots away that describe no heap any more.
 *
 * The helper looks at a page of slots, finds no block, and moves the page
 * (mremap, MREMAP_DONTUNMAP) to an attic; in its place the kernel leaves
 * zeros. It looks at the attic: a block that was born between the look and
 * the move is there, and is put back by a compare-and-swap from 0. Then the
 * attic is emptied. Each access of a thread to a slot meets either the old
 * page, before the kernel has shot down the old translation on its
 * processor, or the new one; the attic shows all that the old page was told.
 *
 * What can go wrong is a death between the move and the put-back: it finds
 * nothing, and the helper would put a dead block back. So while a pass lasts
 * TENURE_ODD_RELEASING is set, and a death that sees it exchanges the slot
 * for TENURE_SLOT_VACANT, not 0. The owner of a block calls it before the
 * real free, so nobody else writes the slot meanwhile but the helper:
 *
 *  - The exchange came first: the put-back fails, the slot not being 0, nor
 *    will it be 0 again in this pass, whoever is born there next. The helper
 *    counts the death, since the thread could not know what died.
 *  - The put-back came first: the exchange returns the block.
 *  - The exchange met the old page: the attic shows a vacant slot.
 *
 * It remains that a death did not see the flag, which it reads before the
 * slot. After setting it the helper calls membarrier(): a thread that read
 * the flag before its processor's barrier had done before it, and made
 * visible, all that the birth of its block wrote, for the birth comes before
 * the death. So the helper's look, later, finds the block and leaves the
 * page alone, or finds that it has died. A death that reads the flag after
 * the pass has ended also reads what was put back, since the flag is cleared
 * with release and read with acquire.
 *
 * Births need no flag: a birth that finds 0 or VACANT stores its block over
 * it, and a put-back is tried only where the old page's last word was a
 * birth, and succeeds only if no death followed. A death in such a moment
 * that belongs to realloc() makes the block a new one.
 */
#include "agent/release.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/blocks.h"
#include "agent/helper.h"
#include "agent/os.h"
#include "agent/records.h"

#define RUN_PAGES 64
#define HEAP_PAGES 256 /* whose state is asked for at once */

/* The pass that goes on. A forked child finds in `at` and `bytes` what is
 * in its copy of the attic. */
static struct {
    uint64_t at, bytes; /* of the run of slots */
    uint64_t attic;
    int pagemap;
    uint64_t waiting;                /* empty pages whose heap is there */
    uint64_t heap_first, heap_count; /* page numbers that `heap` is about */
    uint64_t heap[HEAP_PAGES];
} pass;

static bool refused; /* by the kernel: do not ask again */
static uint64_t dead_blocks, dead_bytes, put_back_slots;

/* What died in the attic: its thread could not know what it was. */
static void count_death(uint64_t value)
{
    uint64_t bytes = value & TENURE_SLOT_SIZE_MAX;
    if (value & TENURE_SLOT_EXT) {
        uint32_t index = (uint32_t)bytes;
        bytes = tenure__record_at(index)->bytes;
        tenure__record_release(index, 0);
    }
    dead_blocks++;
    dead_bytes += bytes;
}

/* In a forked child the thread that saw a block die may have been the
 * parent's, which has counted it. */
static void put_back(bool counts)
{
    uint64_t *moved = (uint64_t *)pass.attic;
    uint64_t *place = (uint64_t *)pass.at;
    for (uint64_t i = 0; i < pass.bytes / sizeof *place; i++) {
        uint64_t empty = 0;
        if (tenure__likely(moved[i] <= TENURE_SLOT_VACANT))
            continue;
        put_back_slots++;
        if (!__atomic_compare_exchange_n(&place[i], &empty, moved[i], 0,
                                         __ATOMIC_RELEASE, __ATOMIC_RELAXED) &&
            counts)
            count_death(moved[i]);
    }
}

/* After a failure the attic may be a hole, which is anybody's: another is
 * made the next time. */
#define FAILURES_MAX 8

static void give_up_attic(bool for_good)
{
    static uint32_t failures;
    tenure__os_not_mine(pass.attic, RUN_PAGES * tenure__os_page_bytes());
    pass.attic = 0;
    refused = for_good || ++failures == FAILURES_MAX;
}

static void move_away(void)
{
    uint64_t bytes = pass.bytes;
    long moved = tenure__syscall5(
        SYS_mremap, pass.at, bytes, bytes,
        MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, pass.attic);
    if (moved == (long)pass.attic) {
        put_back(true);
        tenure__syscall3(SYS_madvise, pass.attic, bytes, MADV_DONTNEED);
    } else {
        give_up_attic(moved == -EINVAL); /* a kernel before 5.7 */
    }
}

static void end_run(void)
{
    if (pass.bytes > 0 && pass.attic != 0)
        move_away();
    __atomic_store_n(&pass.bytes, 0, __ATOMIC_RELEASE);
}

static bool is_empty(const struct tenure__slot_page *page)
{
    const uint64_t *slot = (const uint64_t *)page->at;
    for (uint64_t i = 0; i < page->bytes / sizeof *slot; i++)
        if (__atomic_load_n(&slot[i], __ATOMIC_RELAXED) > TENURE_SLOT_VACANT)
            return false;
    return true;
}

/* Whether any page of the heap is there, or in swap. What cannot be read is
 * taken to be. */
static bool has_heap(uint64_t start, uint64_t bytes)
{
    uint64_t page_bytes = tenure__os_page_bytes();
    uint64_t first = start / page_bytes, count = bytes / page_bytes;
    if (count == 0 || count > HEAP_PAGES)
        return true;
    if (first < pass.heap_first ||
        first + count > pass.heap_first + pass.heap_count) {
        long got = tenure__syscall4(SYS_pread64, pass.pagemap, pass.heap,
                                    sizeof pass.heap, first * 8);
        pass.heap_first = first;
        pass.heap_count = got > 0 ? (uint64_t)got / 8 : 0;
        if (pass.heap_count < count)
            return true;
    }
    for (uint64_t i = 0; i < count; i++)
        if (pass.heap[first - pass.heap_first + i] >> 62 != 0)
            return true;
    return false;
}

static void visit(const struct tenure__slot_page *page, void *with)
{
    (void)with;
    bool empty = is_empty(page);
    if (!empty || has_heap(page->heap_start, page->heap_bytes)) {
        pass.waiting += empty;
        end_run();
        return;
    }
    if (pass.bytes == RUN_PAGES * page->bytes ||
        page->at != pass.at + pass.bytes)
        end_run();
    if (pass.bytes == 0)
        pass.at = page->at;
    pass.bytes += page->bytes;
}

/* Every thread sees `odd` as it is now, or has done what it did before. */
static bool all_know(void)
{
    return tenure__syscall3(SYS_membarrier,
                            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
                            0) == 0 &&
           tenure__syscall3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0,
                            0) == 0;
}

static bool open_attic(void)
{
    if (pass.attic == 0)
        pass.attic =
            (uint64_t)tenure__os_map(RUN_PAGES * tenure__os_page_bytes());
    return pass.attic != 0;
}

void tenure__release(void)
{
    if (refused || tenure__blocks_flags() & TENURE_ODD_SAMPLES ||
        tenure__helper_watching() || !open_attic())
        return;
    pass.pagemap = (int)tenure__syscall4(
        SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
    if (pass.pagemap < 0)
        return; /* cannot tell whether the heap is gone */
    pass.heap_count = pass.waiting = 0;
    __atomic_fetch_or(&tenure__blocks.odd, TENURE_ODD_RELEASING,
                      __ATOMIC_SEQ_CST);
    refused = !all_know();
    if (!refused)
        tenure__blocks_each_page(visit, NULL);
    end_run();
    __atomic_fetch_and(&tenure__blocks.odd, ~TENURE_ODD_RELEASING,
                       __ATOMIC_RELEASE);
    tenure__syscall1(SYS_close, pass.pagemap);
}

/* ---- when -------------------------------------------------------------- */

#define WORTH_BYTES (64u << 20)
#define WORTH_PAGES 1024u
#define REST 100 /* times as long as the last pass took */
#define WAIT_MIN_NS 5000000000u
#define WAIT_MAX_NS 320000000000u

void tenure__release_now_and_then(uint64_t freed_bytes)
{
    static uint64_t freed_then, not_before_ns, again_ns, wait_ns;
    uint64_t start = tenure__os_monotonic_ns();
    bool died = freed_bytes - freed_then >= WORTH_BYTES;
    bool waits = pass.waiting >= WORTH_PAGES && start >= again_ns;
    if (start < not_before_ns || (!died && !waits))
        return;
    tenure__release();
    freed_then = freed_bytes;
    wait_ns = died ? WAIT_MIN_NS : 2 * wait_ns;
    if (wait_ns > WAIT_MAX_NS)
        wait_ns = WAIT_MAX_NS;
    uint64_t end = tenure__os_monotonic_ns();
    not_before_ns = end + REST * (end - start);
    again_ns = end + wait_ns;
}

void tenure__release_after_fork(void)
{
    if (pass.bytes > 0 && pass.attic != 0)
        put_back(false);
    pass.bytes = 0;
    dead_blocks = dead_bytes = 0;
    tenure__blocks.odd &= ~TENURE_ODD_RELEASING;
}

void tenure__release_deaths(uint64_t *blocks, uint64_t *bytes)
{
    *blocks = dead_blocks;
    *bytes = dead_bytes;
}

uint64_t tenure__release_put_back(void)
{
    return put_back_slots;
}
