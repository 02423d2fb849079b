/*
 * A snapshot file in the making: sections of records, a string table, and
 * the checksummed write. Memory is the agent's heap; helper thread only.
 */
#ifndef TENURE_AGENT_OUTPUT_H
#define TENURE_AGENT_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/format/format.h"

#define TENURE_OUTPUT_SECTIONS 19

/* Where in a file the sections may begin that are written beforehand. */
#define TENURE_OUTPUT_FIRST                                                    \
    (sizeof(struct tenure_header) +                                            \
     TENURE_OUTPUT_SECTIONS * sizeof(struct tenure_section))

struct tenure__output {
    struct tenure__output_section {
        uint32_t type, record_bytes;
        uint64_t count;
        const void *records; /* NULL: those gathered in `own` */
        uint64_t at;         /* not 0: it stands there in the file already */
        char *own;
        size_t own_bytes, own_room;
    } section[TENURE_OUTPUT_SECTIONS];
    uint32_t section_count;
    uint64_t after; /* those that stand there already; 0: none do */
    int error;      /* the first one, -ENOMEM */
};

/* Starts with STRINGS, holding "" at offset 0. */
void tenure__output_start(struct tenure__output *output);
void tenure__output_drop(struct tenure__output *output);

/* The offset of a copy of the text. */
uint32_t tenure__output_string(struct tenure__output *output, const char *text);

/* Adds one record to a section, which appears with its first record. */
void tenure__output_add(struct tenure__output *output, uint32_t type,
                        const void *record, uint32_t record_bytes);

/* A whole section that the caller keeps until the write. */
void tenure__output_borrow(struct tenure__output *output, uint32_t type,
                           const void *records, uint32_t record_bytes,
                           uint64_t count);

/* A section of bytes that is written already, padded, from `at` on. Then the
 * file has to be a regular one that can be read. */
void tenure__output_written(struct tenure__output *output, uint32_t type,
                            uint64_t at, uint64_t bytes);

/* Writes everything (else) to an empty file. 0 or a negative errno value. */
int tenure__output_write(struct tenure__output *output, int fd);

#endif
