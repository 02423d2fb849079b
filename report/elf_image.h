/*
 * An ELF file in memory of which nothing is believed: pieces of it, if they
 * are there. Pure, thread-safe.
 */
#ifndef TENURE_REPORT_ELF_IMAGE_H
#define TENURE_REPORT_ELF_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct tenure_elf_image {
    const char *data;
    uint64_t bytes;
};

/* `bytes` at `offset`, or NULL if the file does not have them there. */
static inline const void *tenure_elf_piece(const struct tenure_elf_image *image,
                                           uint64_t offset, uint64_t bytes)
{
    if (offset > image->bytes || bytes > image->bytes - offset)
        return NULL;
    return image->data + offset;
}

/* An array of records that may be used in place. */
static inline const void *tenure_elf_array(const struct tenure_elf_image *image,
                                           uint64_t offset, uint64_t count,
                                           uint64_t record_bytes)
{
    if (offset % 8 != 0 || count > image->bytes / record_bytes)
        return NULL;
    return tenure_elf_piece(image, offset, count * record_bytes);
}

#endif
