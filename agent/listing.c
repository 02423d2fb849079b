/*
 * Has the blocks of a snapshot written, and knows what became of it.
 *
 * A descriptor comes in, sections or a note for the output leave. The sites
 * of the blocks come back as a set of bits in memory that the walker shares.
 */
#include "agent/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "agent/counters.h"
#include "agent/helper.h"
#include "agent/os.h"
#include "agent/sites.h"
#include "agent/text.h"

#define SITE_BYTES (TENURE_NODES_MAX / 8u)

static bool is_suitable(int fd)
{
    struct stat st;
    long flags = tenure__syscall3(SYS_fcntl, fd, F_GETFL, 0);
    return flags >= 0 && (flags & O_ACCMODE) == O_RDWR &&
           (flags & O_APPEND) == 0 &&
           tenure__syscall2(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == 0;
}

void tenure__listing_open(struct tenure__listing *listing, int fd)
{
    *listing = (struct tenure__listing){.wanted = true,
                                        .target.fd = -1,
                                        .target.from = TENURE_OUTPUT_FIRST,
                                        .objects.error = -ESPIPE};
    if (!is_suitable(fd))
        return;
    long bits =
        tenure__syscall6(SYS_mmap, 0, SITE_BYTES, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    listing->objects.error = -ENOMEM;
    if (bits < 0 && bits > -4096)
        return;
    tenure__os_mine((uint64_t)bits, SITE_BYTES);
    listing->target.site = (uint64_t *)bits;
    listing->target.sites = tenure__sites_count() + 1;
    listing->target.fd = fd;
}

void tenure__listing_drop(struct tenure__listing *listing)
{
    if (listing->target.site != NULL)
        tenure__os_unmap(listing->target.site, SITE_BYTES);
    *listing = (struct tenure__listing){0};
}

void tenure__listing_fail(struct tenure__listing *listing, int error)
{
    listing->objects.error = error;
    tenure__count(TENURE_VALUE_FAILED_OBJECTS);
    if (listing->target.fd >= 0)
        tenure__syscall2(SYS_ftruncate, listing->target.fd, 0);
}

static void want_sites(const struct tenure__listing *listing,
                       struct tenure__tree *tree)
{
    for (uint32_t i = 0; i <= listing->target.sites / 64; i++)
        for (uint64_t left = listing->target.site[i]; left != 0;
             left &= left - 1)
            tenure__tree_want(tree, i * 64 + (uint32_t)__builtin_ctzll(left));
}

void tenure__listing_finish(struct tenure__listing *listing,
                            const struct tenure__major *major,
                            uint32_t generation, struct tenure__tree *tree)
{
    if (!listing->wanted)
        return;
    if (listing->target.fd >= 0 && major->objects != NULL)
        listing->objects = *major->objects;
    else if (listing->target.fd >= 0)
        tenure__objects_write_live(generation + 1, !tenure__helper_watching(),
                                   &listing->target, &listing->objects);
    if (listing->objects.error != 0)
        tenure__listing_fail(listing, listing->objects.error);
    else
        want_sites(listing, tree);
}

static void add_note(const struct tenure__listing *listing,
                     struct tenure__output *output)
{
    static const struct {
        int error;
        const char *text;
    } known[] = {{-ENOSPC, "the disk is full"},
                 {-EDQUOT, "the disk quota is used up"},
                 {-EFBIG, "the file would be too large"},
                 {-ENOMEM, "not enough memory"},
                 {-EIO, "they could not be written in time"},
                 {-ESPIPE, "they need an empty regular file"}};
    char note[64];
    struct tenure__text text;
    size_t i = 0, count = sizeof known / sizeof known[0];
    while (i < count && known[i].error != listing->objects.error)
        i++;
    tenure__text_start(&text, note, sizeof note);
    tenure__text_add(&text, i < count ? known[i].text : "errno ");
    if (i == count)
        tenure__text_number(&text, (uint64_t)-listing->objects.error, 1);
    struct tenure_objects_head head = {.note =
                                           tenure__output_string(output, note)};
    for (size_t at = 0; at < sizeof head; at++)
        tenure__output_add(output, TENURE_SECTION_OBJECTS,
                           (const char *)&head + at, 1);
}

void tenure__listing_add(struct tenure__listing *listing,
                         struct tenure__output *output)
{
    const struct tenure__objects *objects = &listing->objects;
    if (!listing->wanted)
        return;
    if (objects->error != 0) {
        add_note(listing, output);
        return;
    }
    if (objects->edges_bytes > 0)
        tenure__output_written(output, TENURE_SECTION_EDGES, objects->edges_at,
                               objects->edges_bytes);
    tenure__output_written(output, TENURE_SECTION_OBJECTS, objects->objects_at,
                           objects->objects_bytes);
}
