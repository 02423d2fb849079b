/*
 * Lists of roots, and how their memory is read.
 *
 * Only pages that exist are looked at: /proc/self/pagemap says which those
 * are, and which pages of a private file mapping were written to. Shared
 * memory is not in the walker's page table: mincore(2) knows it, and it is
 * read through a system call that fails where reading would raise SIGBUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/roots.h"
#include "agent/roots_agent.h"

#define PAGES_AT_ONCE 512u
#define COPY_BYTES 32768u

#define PAGEMAP_EXISTS (3ull << 62)  /* present or swapped */
#define PAGEMAP_OF_FILE (1ull << 61) /* not written to since it was mapped */

int tenure__roots_open(struct tenure__roots *roots, uint32_t capacity)
{
    roots->count = 0;
    roots->capacity = capacity;
    roots->root = tenure__os_map(capacity * sizeof *roots->root);
    return roots->root != NULL ? 0 : -ENOMEM;
}

void tenure__roots_drop(struct tenure__roots *roots)
{
    if (roots->root != NULL)
        tenure__os_unmap(roots->root, roots->capacity * sizeof *roots->root);
    *roots = (struct tenure__roots){0};
}

bool tenure__roots_add(struct tenure__roots *roots,
                       const struct tenure__root *root)
{
    if (roots->count == roots->capacity)
        return false;
    roots->root[roots->count++] = *root;
    return true;
}

struct reading {
    int pagemap;
    uint64_t page_bytes;
    tenure__root_visit *visit;
    void *with;
    uint64_t entry[PAGES_AT_ONCE];
    unsigned char resident[PAGES_AT_ONCE];
    uint64_t copy[COPY_BYTES / 8];
};

/* Which pages from `page` on are to be read, as 0 or 1 in entry[]. */
static void choose_pages(struct reading *reading,
                         const struct tenure__root *root, uint64_t page,
                         uint32_t count)
{
    if (root->shared) {
        memset(reading->resident, 0, count);
        tenure__syscall3(SYS_mincore, page, count * reading->page_bytes,
                         reading->resident);
        for (uint32_t i = 0; i < count; i++)
            reading->entry[i] = reading->resident[i] & 1;
        return;
    }
    long got =
        reading->pagemap < 0
            ? -1
            : tenure__syscall4(SYS_pread64, reading->pagemap, reading->entry,
                               count * 8, page / reading->page_bytes * 8);
    uint64_t unwanted = root->written_only ? PAGEMAP_OF_FILE : 0;
    for (uint32_t i = 0; i < count; i++)
        reading->entry[i] = got != (long)count * 8 ||
                            ((reading->entry[i] & PAGEMAP_EXISTS) != 0 &&
                             (reading->entry[i] & unwanted) == 0);
}

/* Through a copy, where reading could fail. */
static void visit_copy(struct reading *reading, const struct tenure__root *root,
                       uint64_t start, uint64_t end)
{
    while (start < end) {
        uint64_t bytes = end - start < COPY_BYTES ? end - start : COPY_BYTES;
        struct iovec to = {reading->copy, bytes};
        struct iovec from = {(void *)start, bytes};
        long got = tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(),
                                    (long)&to, 1, (long)&from, 1, 0);
        if (got >= 8)
            reading->visit(root, reading->copy, (size_t)got / 8, start,
                           reading->with);
        start += bytes;
    }
}

static void visit_pages(struct reading *reading,
                        const struct tenure__root *root, uint64_t start,
                        uint64_t end)
{
    if (start < root->start)
        start = root->start;
    if (end > root->end)
        end = root->end;
    start = (start + 7) & ~7ull;
    if (start + 8 > end)
        return;
    if (root->shared || (root->written_only && reading->pagemap < 0))
        visit_copy(reading, root, start, end);
    else
        reading->visit(root, (const uint64_t *)start, (end - start) / 8, start,
                       reading->with);
}

static void read_root(struct reading *reading, const struct tenure__root *root)
{
    uint64_t bytes = reading->page_bytes;
    uint64_t page = root->start & ~(bytes - 1);
    while (page < root->end) {
        uint64_t left = (root->end - page + bytes - 1) / bytes;
        uint32_t count = left < PAGES_AT_ONCE ? (uint32_t)left : PAGES_AT_ONCE;
        choose_pages(reading, root, page, count);
        for (uint32_t i = 0; i < count;) {
            uint32_t first = i;
            while (i < count && reading->entry[i])
                i++;
            if (i > first)
                visit_pages(reading, root, page + first * bytes,
                            page + i * bytes);
            else
                i++;
        }
        page += count * bytes;
    }
}

void tenure__roots_read(const struct tenure__roots *roots,
                        const struct tenure__stopped *stopped,
                        tenure__root_visit *visit, void *with)
{
    struct reading *reading = tenure__os_map(sizeof *reading);
    if (reading == NULL)
        return;
    reading->pagemap = tenure__proc_open(0, 0, "pagemap", O_RDONLY);
    reading->page_bytes = tenure__os_page_bytes();
    reading->visit = visit;
    reading->with = with;
    for (uint32_t i = 0; i < roots->count; i++)
        read_root(reading, &roots->root[i]);
    if (reading->pagemap >= 0)
        tenure__syscall1(SYS_close, reading->pagemap);
    tenure__os_unmap(reading, sizeof *reading);
    for (uint32_t i = 0; i < stopped->thread_count; i++) {
        const struct tenure__stopped_thread *thread = &stopped->thread[i];
        struct tenure__root registers = {.kind = TENURE_RETAINER_REGISTER,
                                         .tid = (uint32_t)thread->tid};
        if (thread->stopped &&
            tenure__service_stack(thread) == thread->stack_pointer)
            visit(&registers, thread->word, thread->word_count, 0, with);
    }
}
