/*
 * Finds the pages of large blocks that exist.
 *
 * In come /proc/self/maps, once, and /proc/self/pagemap, in pieces of 2 MiB
 * of address that are kept until another is asked for; out go stretches of
 * words.
 */
#include "agent/mark_words.h"

#include <fcntl.h>

#include "agent/limits.h"
#include "agent/os.h"
#include "agent/proc.h"
#include "agent/procfs.h"

#define PAGEMAP_EXISTS (3ull << 62) /* present or swapped */

static bool is_anonymous(const struct tenure__map *map)
{
    return !map->shared && map->inode == 0 && map->readable;
}

void tenure__sparse_open(struct tenure__sparse *sparse)
{
    sparse->first = sparse->pages = 0;
    sparse->page_bytes = tenure__os_page_bytes();
    sparse->pagemap = tenure__proc_open(0, 0, "pagemap", O_RDONLY);
    if (tenure__ranges_open(&sparse->anonymous, TENURE_SPARSE_RANGES_MAX) != 0)
        return;
    tenure__ranges_add_maps(&sparse->anonymous, is_anonymous);
    tenure__ranges_sort(&sparse->anonymous);
}

void tenure__sparse_close(struct tenure__sparse *sparse)
{
    if (sparse->pagemap >= 0)
        tenure__syscall1(SYS_close, sparse->pagemap);
    tenure__ranges_drop(&sparse->anonymous);
}

static void note_outside(uint64_t start, uint64_t end, void *with)
{
    (void)start;
    (void)end;
    *(bool *)with = true;
}

bool tenure__sparse_has(const struct tenure__index *index, uint64_t start,
                        uint64_t end)
{
    bool outside = false;
    if (index->sparse->pagemap < 0)
        return false;
    tenure__ranges_rest(&index->sparse->anonymous, start, end, note_outside,
                        &outside);
    return !outside;
}

/* What cannot be asked about exists. */
static bool exists(struct tenure__sparse *sparse, uint64_t page)
{
    if (page - sparse->first >= sparse->pages) {
        long got = tenure__syscall4(SYS_pread64, sparse->pagemap, sparse->entry,
                                    sizeof sparse->entry, page * 8);
        sparse->first = page;
        sparse->pages = got > 0 ? (uint64_t)got / 8 : 0;
        if (sparse->pages == 0)
            return true;
    }
    return (sparse->entry[page - sparse->first] & PAGEMAP_EXISTS) != 0;
}

bool tenure__sparse_next(const struct tenure__index *index,
                         struct tenure__words *words)
{
    struct tenure__sparse *sparse = index->sparse;
    uint64_t page = words->next / sparse->page_bytes;
    uint64_t behind = (words->end - 1) / sparse->page_bytes + 1;
    if (words->next >= words->end)
        return false;
    while (page < behind && !exists(sparse, page))
        page++;
    uint64_t start = page * sparse->page_bytes;
    while (page < behind && exists(sparse, page))
        page++;
    uint64_t end = page * sparse->page_bytes;
    if (start < words->next)
        start = words->next;
    if (end > words->end)
        end = words->end;
    words->word = (const uint64_t *)start;
    words->count = end > start ? (end - start) / 8 : 0;
    words->next = words->count > 0 ? end : words->end;
    return words->count > 0;
}
