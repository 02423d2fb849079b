/*
 * Compares the mappings of the service with those of the walker, and reads
 * what only the service has.
 *
 * It is read through process_vm_readv(2), for it may go away meanwhile, and
 * a word is kept if there is a table of blocks for the address it would be.
 */
#include "agent/roots_unforked.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "agent/blocks.h"
#include "agent/os.h"
#include "agent/procfs.h"

#define COPY_BYTES 32768u

/* Of the walker, opened by the helper: what it maps itself must not come to
 * lie where something is missing before that is known. */
static struct tenure__ranges here;

static bool is_private_memory(const struct tenure__map *map)
{
    return map->readable && map->writable && !map->shared && map->inode == 0;
}

static void list(struct tenure__ranges *ranges)
{
    ranges->count = 0;
    tenure__ranges_add_maps(ranges, is_private_memory);
}

int tenure__unforked_list(struct tenure__ranges *present)
{
    if (present->range == NULL &&
        tenure__ranges_open(present, TENURE_UNFORKED_MAX) != 0)
        return -ENOMEM;
    if (here.range == NULL &&
        tenure__ranges_open(&here, TENURE_UNFORKED_MAX) != 0)
        return -ENOMEM;
    list(present);
    return 0;
}

static void add_missing(uint64_t start, uint64_t end, void *with)
{
    struct tenure__unforked *missing = with;
    if (missing->count < TENURE_UNFORKED_MAX)
        missing->range[missing->count++] = (struct tenure__range){start, end};
}

/* Or the walker's own memory would be taken for a block's. */
static void keep_free(const struct tenure__range *range)
{
    tenure__syscall6(SYS_mmap, (long)range->start,
                     (long)(range->end - range->start), PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                         MAP_FIXED_NOREPLACE,
                     -1, 0);
}

void tenure__unforked_find(const struct tenure__ranges *present,
                           struct tenure__unforked *missing)
{
    missing->count = 0;
    list(&here);
    tenure__ranges_sort(&here);
    for (uint32_t i = 0; i < present->count; i++)
        tenure__ranges_rest(&here, present->range[i].start,
                            present->range[i].end, add_missing, missing);
    for (uint32_t i = 0; i < missing->count; i++)
        keep_free(&missing->range[i]);
}

static void keep(struct tenure__kernel_words *words, const uint64_t *word,
                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word[i] >> TENURE_ADDRESS_BITS == 0 &&
            tenure__blocks_near(word[i] & ~15ull) &&
            words->count < TENURE_KERNEL_WORDS_MAX)
            words->word[words->count++] = word[i];
}

void tenure__unforked_read(const struct tenure__unforked *missing,
                           struct tenure__kernel_words *words)
{
    uint64_t *copy = tenure__os_map(COPY_BYTES);
    if (copy == NULL)
        return;
    for (uint32_t i = 0; i < missing->count; i++) {
        uint64_t end = missing->range[i].end;
        for (uint64_t at = missing->range[i].start; at < end;
             at += COPY_BYTES) {
            uint64_t bytes = end - at < COPY_BYTES ? end - at : COPY_BYTES;
            struct iovec to = {copy, bytes}, from = {(void *)at, bytes};
            long got = tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(),
                                        (long)&to, 1, (long)&from, 1, 0);
            if (got > 0)
                keep(words, copy, (size_t)got / 8);
        }
    }
    tenure__os_unmap(copy, COPY_BYTES);
}
