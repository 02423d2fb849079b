/*
 * Gathers the sections of a snapshot and writes them as one file.
 *
 * Layout and checksum are those of agent/format/format.h; the file is summed
 * section by section before the header, which carries the sum, goes out. If
 * some sections are in the file already it is read back for that.
 */
#include "agent/output.h"

#include <errno.h>
#include <string.h>

#include "agent/heap.h"
#include "agent/os.h"
#include "agent/stream.h"

static struct tenure__output_section *
section_of(struct tenure__output *output, uint32_t type, uint32_t record_bytes)
{
    for (uint32_t i = 0; i < output->section_count; i++)
        if (output->section[i].type == type)
            return &output->section[i];
    if (output->section_count == TENURE_OUTPUT_SECTIONS) {
        output->error = -ENOMEM;
        return NULL;
    }
    struct tenure__output_section *section =
        &output->section[output->section_count++];
    *section = (struct tenure__output_section){.type = type,
                                               .record_bytes = record_bytes};
    return section;
}

static char *make_room(struct tenure__output *output,
                       struct tenure__output_section *section, size_t bytes)
{
    size_t wanted = section->own_bytes + bytes;
    if (wanted > section->own_room) {
        size_t room = section->own_room > 0 ? section->own_room : 1024;
        while (room < wanted)
            room *= 2;
        char *grown = tenure__heap_grow(section->own, section->own_bytes, room);
        if (grown == NULL) {
            output->error = -ENOMEM;
            return NULL;
        }
        section->own = grown;
        section->own_room = room;
    }
    char *at = section->own + section->own_bytes;
    section->own_bytes = wanted;
    return at;
}

void tenure__output_start(struct tenure__output *output)
{
    memset(output, 0, sizeof *output);
    tenure__output_string(output, "");
}

void tenure__output_drop(struct tenure__output *output)
{
    for (uint32_t i = 0; i < output->section_count; i++)
        tenure__heap_free(output->section[i].own);
    memset(output, 0, sizeof *output);
}

uint32_t tenure__output_string(struct tenure__output *output, const char *text)
{
    struct tenure__output_section *strings =
        section_of(output, TENURE_SECTION_STRINGS, 1);
    size_t bytes = strlen(text) + 1;
    if (strings->own_bytes > 0 && bytes == 1)
        return 0;
    uint32_t offset = (uint32_t)strings->own_bytes;
    char *at = make_room(output, strings, bytes);
    if (at == NULL)
        return 0;
    memcpy(at, text, bytes);
    strings->count = strings->own_bytes;
    return offset;
}

void tenure__output_add(struct tenure__output *output, uint32_t type,
                        const void *record, uint32_t record_bytes)
{
    struct tenure__output_section *section =
        section_of(output, type, record_bytes);
    char *at = section ? make_room(output, section, record_bytes) : NULL;
    if (at == NULL)
        return;
    memcpy(at, record, record_bytes);
    section->count++;
}

void tenure__output_borrow(struct tenure__output *output, uint32_t type,
                           const void *records, uint32_t record_bytes,
                           uint64_t count)
{
    struct tenure__output_section *section =
        section_of(output, type, record_bytes);
    if (section == NULL)
        return;
    section->records = records;
    section->count = count;
}

void tenure__output_written(struct tenure__output *output, uint32_t type,
                            uint64_t at, uint64_t bytes)
{
    struct tenure__output_section *section = section_of(output, type, 1);
    if (section == NULL)
        return;
    section->at = at;
    section->count = bytes;
    if (at + bytes > output->after)
        output->after = at + bytes;
}

/* ---- writing ----------------------------------------------------------- */

static const void *records_of(const struct tenure__output_section *section)
{
    return section->records != NULL ? section->records : section->own;
}

static uint64_t bytes_of(const struct tenure__output_section *section)
{
    return section->count * section->record_bytes;
}

static uint64_t padded(uint64_t bytes)
{
    return (bytes + 7) & ~7ull;
}

static int write_all(int fd, const void *data, uint64_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        long put = tenure__syscall3(SYS_write, fd, at, bytes);
        if (put == -EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? (int)put : -EIO;
        at += put;
        bytes -= (uint64_t)put;
    }
    return 0;
}

static void lay_out(const struct tenure__output *output,
                    struct tenure_header *header, struct tenure_section *table)
{
    uint64_t at = output->after > 0
                      ? padded(output->after)
                      : sizeof *header + output->section_count * sizeof *table;
    *header = (struct tenure_header){.version = TENURE_FORMAT_VERSION,
                                     .byte_order = TENURE_FORMAT_BYTE_ORDER,
                                     .section_count = output->section_count};
    memcpy(header->magic, TENURE_FORMAT_MAGIC, 8);
    for (uint32_t i = 0; i < output->section_count; i++) {
        const struct tenure__output_section *section = &output->section[i];
        table[i] = (struct tenure_section){section->type, section->record_bytes,
                                           section->at > 0 ? section->at : at,
                                           section->count, bytes_of(section)};
        if (section->at == 0)
            at += padded(table[i].bytes);
    }
    header->file_bytes = at;
}

static const char zeros[8];

static void sum_up(const struct tenure__output *output,
                   struct tenure_header *header,
                   const struct tenure_section *table)
{
    struct tenure_checksum sum;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, header, sizeof *header);
    tenure_checksum_add(&sum, table, output->section_count * sizeof *table);
    for (uint32_t i = 0; i < output->section_count; i++) {
        uint64_t bytes = table[i].bytes;
        if (bytes > 0)
            tenure_checksum_add(&sum, records_of(&output->section[i]), bytes);
        tenure_checksum_add(&sum, zeros, padded(bytes) - bytes);
    }
    header->checksum = tenure_checksum_end(&sum);
}

/* ---- around what is there already -------------------------------------- */

#define READ_BYTES (256u << 10)

static int sum_file(int fd, struct tenure_header *header)
{
    struct tenure_checksum sum;
    long got = -ENOMEM;
    void *piece = tenure__os_map(READ_BYTES);
    if (piece == NULL)
        return (int)got;
    tenure_checksum_start(&sum);
    for (uint64_t at = 0; at < header->file_bytes; at += (uint64_t)got) {
        got = tenure__syscall4(SYS_pread64, fd, piece, READ_BYTES, at);
        if (got <= 0)
            break;
        tenure_checksum_add(&sum, piece, (size_t)got);
    }
    tenure__os_unmap(piece, READ_BYTES);
    header->checksum = tenure_checksum_end(&sum);
    return got > 0 ? 0 : got < 0 ? (int)got : -EIO;
}

static int write_around(const struct tenure__output *output, int fd,
                        struct tenure_header *header,
                        const struct tenure_section *table)
{
    int error = tenure__write_at(
        fd, table, output->section_count * sizeof *table, sizeof *header);
    for (uint32_t i = 0; i < output->section_count && error == 0; i++) {
        uint64_t bytes = table[i].bytes;
        if (output->section[i].at > 0)
            continue;
        error = tenure__write_at(fd, records_of(&output->section[i]), bytes,
                                 table[i].offset);
        if (error == 0)
            error = tenure__write_at(fd, zeros, padded(bytes) - bytes,
                                     table[i].offset + bytes);
    }
    if (error == 0)
        error = tenure__write_at(fd, header, sizeof *header, 0);
    if (error == 0)
        error = sum_file(fd, header);
    return error != 0 ? error : tenure__write_at(fd, header, sizeof *header, 0);
}

int tenure__output_write(struct tenure__output *output, int fd)
{
    struct tenure_header header;
    struct tenure_section table[TENURE_OUTPUT_SECTIONS];
    if (output->error != 0)
        return output->error;
    lay_out(output, &header, table);
    if (output->after > 0)
        return write_around(output, fd, &header, table);
    sum_up(output, &header, table);
    int error = write_all(fd, &header, sizeof header);
    if (error == 0)
        error = write_all(fd, table, output->section_count * sizeof *table);
    for (uint32_t i = 0; i < output->section_count && error == 0; i++) {
        error = write_all(fd, records_of(&output->section[i]), table[i].bytes);
        if (error == 0)
            error =
                write_all(fd, zeros, padded(table[i].bytes) - table[i].bytes);
    }
    return error;
}
