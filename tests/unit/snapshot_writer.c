/*
 * A snapshot file from its records. Tables are kept in the order in which a
 * test adds them and sorted as the format demands when the image is made.
 */
#include "snapshot_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "snapshot_writer: %s\n", what);
        abort();
    }
}

static const size_t record_bytes[WRITER_SECTIONS] = {
#define X(name, number, type) [number] = sizeof(type),
    TENURE_SECTIONS(X)
#undef X
};

static void append(struct writer *w, uint32_t section, const void *data,
                   size_t bytes)
{
    must(section < WRITER_SECTIONS && record_bytes[section] != 0, "section");
    size_t used = w->table[section].bytes;
    if (used + bytes > w->table[section].room) {
        size_t room = 2 * (used + bytes);
        w->table[section].data = realloc(w->table[section].data, room);
        must(w->table[section].data != NULL, "memory");
        w->table[section].room = room;
    }
    memcpy(w->table[section].data + used, data, bytes);
    w->table[section].bytes = used + bytes;
}

void writer_add(struct writer *w, uint32_t section, const void *record)
{
    append(w, section, record, record_bytes[section]);
}

struct writer *writer_new(void)
{
    struct writer *w = calloc(1, sizeof *w);
    must(w != NULL, "memory");
    w->next_node = 1;
    append(w, TENURE_SECTION_STRINGS, "", 1);
    w->process.started_unix_ns = 1750000000u * (uint64_t)1000000000;
    w->process.kind = TENURE_MINOR;
    w->process.trigger = TENURE_TRIGGER_REQUEST;
    w->process.machine = 62;
    w->process.page_bytes = 4096;
    w->process.depth_max = 256;
    w->process.host = writer_string(w, "test-host");
    w->process.allocator = writer_string(w, "glibc");
    w->process.tool = writer_string(w, "0.1.0");
    writer_run(w, 1, 4242, "/bin/server");
    writer_generation(w, 1, 1);
    return w;
}

void writer_free(struct writer *w)
{
    for (int i = 0; i < WRITER_SECTIONS; i++)
        free(w->table[i].data);
    free(w);
}

uint32_t writer_string(struct writer *w, const char *text)
{
    const char *strings = w->table[TENURE_SECTION_STRINGS].data;
    size_t bytes = w->table[TENURE_SECTION_STRINGS].bytes;
    for (size_t at = 0; at < bytes; at += strlen(strings + at) + 1)
        if (strcmp(strings + at, text) == 0)
            return (uint32_t)at;
    append(w, TENURE_SECTION_STRINGS, text, strlen(text) + 1);
    return (uint32_t)bytes;
}

void writer_generation(struct writer *w, uint32_t generation, double age_s)
{
    w->process.seq = generation;
    w->process.generation = generation;
    w->process.age_ns = (uint64_t)(age_s * 1e9);
    w->process.time_unix_ns = w->process.started_unix_ns + w->process.age_ns;
}

void writer_run(struct writer *w, uint8_t run, uint32_t pid, const char *exe)
{
    memset(w->process.run_id, run, sizeof w->process.run_id);
    w->process.pid = pid;
    w->process.exe = writer_string(w, exe);
    w->process.command = w->process.exe;
}

uint32_t writer_module(struct writer *w, const char *path, const char *build_id,
                       uint64_t start, uint64_t end)
{
    struct tenure_module module = {.start = start, .end = end, .bias = start};
    module.path = writer_string(w, path);
    module.build_id = writer_string(w, build_id);
    size_t used = w->table[TENURE_SECTION_MODULES].bytes;
    writer_add(w, TENURE_SECTION_MODULES, &module);
    return (uint32_t)(used / sizeof module);
}

static uint32_t node(struct writer *w, uint32_t parent, uint32_t kind,
                     uint32_t module, uint64_t pc)
{
    const struct tenure_node *nodes =
        (const void *)w->table[TENURE_SECTION_NODES].data;
    for (uint32_t i = 0; i + 1 < w->next_node; i++)
        if (nodes[i].parent == parent && nodes[i].kind == kind &&
            nodes[i].module == module && nodes[i].pc == pc)
            return nodes[i].id;
    struct tenure_node one = {w->next_node++, parent, pc, module, kind};
    writer_add(w, TENURE_SECTION_NODES, &one);
    return one.id;
}

uint32_t writer_thread(struct writer *w, const char *name)
{
    return node(w, 0, TENURE_NODE_THREAD, TENURE_NONE, writer_string(w, name));
}

uint32_t writer_frame(struct writer *w, uint32_t parent, uint32_t module,
                      uint64_t pc)
{
    return node(w, parent, TENURE_NODE_FRAME, module, pc);
}

uint32_t writer_stack(struct writer *w, uint32_t thread, uint32_t module,
                      const uint64_t *pcs)
{
    size_t depth = 0;
    while (pcs[depth] != 0)
        depth++;
    uint32_t site = thread;
    while (depth-- > 0)
        site = writer_frame(w, site, module, pcs[depth]);
    return site;
}

static void row(struct writer *w, uint32_t section, uint32_t site,
                uint32_t generation, uint64_t blocks, uint64_t bytes)
{
    struct tenure_row one = {site, generation, blocks, bytes};
    writer_add(w, section, &one);
}

void writer_row(struct writer *w, uint32_t site, uint32_t generation,
                uint64_t blocks, uint64_t bytes)
{
    row(w, TENURE_SECTION_ROWS, site, generation, blocks, bytes);
}

void writer_mapping(struct writer *w, uint32_t site, uint32_t generation,
                    uint64_t blocks, uint64_t bytes)
{
    row(w, TENURE_SECTION_MAPPINGS, site, generation, blocks, bytes);
}

void writer_growth(struct writer *w, uint64_t record, uint32_t site,
                   uint32_t generation, uint64_t birth_bytes, uint64_t bytes,
                   uint32_t grown_site)
{
    struct tenure_growth one = {record, site,       generation, birth_bytes,
                                bytes,  grown_site, 1};
    writer_add(w, TENURE_SECTION_GROWTH, &one);
}

void writer_late(struct writer *w, uint32_t site, uint64_t blocks,
                 uint64_t bytes)
{
    struct tenure_late one = {site, 0, blocks, bytes};
    writer_add(w, TENURE_SECTION_LATE, &one);
}

void writer_value(struct writer *w, uint32_t key, uint64_t value)
{
    struct tenure_value one = {key, 0, value};
    writer_add(w, TENURE_SECTION_VALUES, &one);
}

void writer_objects(struct writer *w, const struct tenure_object *object,
                    uint32_t blocks, const struct tenure_edge *edge,
                    uint32_t roots, uint32_t edges)
{
    struct tenure_objects_head head = {.blocks = blocks,
                                       .roots = roots,
                                       .edges = edges,
                                       .generation = w->process.generation + 1,
                                       .flags = TENURE_OBJECTS_MARKED |
                                                TENURE_OBJECTS_PLACED};
    struct tenure_object_coder objects = {.generation = head.generation};
    struct tenure_edge_coder pointers = {.placed = true};
    uint8_t entry[TENURE_OBJECT_ENTRY_MAX + TENURE_EDGE_ENTRY_MAX];
    append(w, TENURE_SECTION_OBJECTS, &head, sizeof head);
    for (uint32_t i = 0; i < blocks; i++)
        append(w, TENURE_SECTION_OBJECTS, entry,
               tenure_object_put(&objects, &object[i], entry));
    for (uint32_t i = 0; i < roots + edges; i++)
        append(w, TENURE_SECTION_EDGES, entry,
               tenure_edge_put(&pointers, &edge[i], entry));
}

static int by_site_and_generation(const void *left, const void *right)
{
    const struct tenure_row *a = left, *b = right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->generation > b->generation) - (a->generation < b->generation);
}

static int by_site(const void *left, const void *right)
{
    const struct tenure_late *a = left, *b = right;
    return (a->site > b->site) - (a->site < b->site);
}

static int by_record(const void *left, const void *right)
{
    const struct tenure_growth *a = left, *b = right;
    return (a->record > b->record) - (a->record < b->record);
}

static void sort_table(char *data, size_t bytes, uint32_t section)
{
    size_t size = record_bytes[section];
    if (section == TENURE_SECTION_ROWS || section == TENURE_SECTION_MAPPINGS)
        qsort(data, bytes / size, size, by_site_and_generation);
    else if (section == TENURE_SECTION_LATE)
        qsort(data, bytes / size, size, by_site);
    else if (section == TENURE_SECTION_GROWTH)
        qsort(data, bytes / size, size, by_record);
}

static size_t padded(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

/* Values a test left out: the sums of the rows. */
static void complete(struct writer *w)
{
    uint64_t blocks = 0, bytes = 0;
    const struct tenure_row *rows =
        (const void *)w->table[TENURE_SECTION_ROWS].data;
    size_t count = w->table[TENURE_SECTION_ROWS].bytes / sizeof *rows;
    for (size_t i = 0; i < count; i++) {
        blocks += rows[i].blocks;
        bytes += rows[i].bytes;
    }
    const struct tenure_value *values =
        (const void *)w->table[TENURE_SECTION_VALUES].data;
    count = w->table[TENURE_SECTION_VALUES].bytes / sizeof *values;
    int has_blocks = 0, has_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        has_blocks |= values[i].key == TENURE_VALUE_LIVE_BLOCKS;
        has_bytes |= values[i].key == TENURE_VALUE_LIVE_BYTES;
    }
    if (!has_blocks)
        writer_value(w, TENURE_VALUE_LIVE_BLOCKS, blocks);
    if (!has_bytes)
        writer_value(w, TENURE_VALUE_LIVE_BYTES, bytes);
}

void *writer_image(const struct writer *w, size_t *bytes)
{
    struct writer all = *w;
    for (int i = 0; i < WRITER_SECTIONS; i++) {
        size_t used = all.table[i].bytes;
        all.table[i].data = calloc(1, used + 1);
        must(all.table[i].data != NULL, "memory");
        if (used > 0)
            memcpy(all.table[i].data, w->table[i].data, used);
        all.table[i].room = used;
    }
    complete(&all);
    all.table[TENURE_SECTION_PROCESS].bytes = 0;
    writer_add(&all, TENURE_SECTION_PROCESS, &w->process);

    uint32_t sections = 0;
    size_t total = sizeof(struct tenure_header);
    for (int i = 0; i < WRITER_SECTIONS; i++) {
        if (all.table[i].bytes > 0) {
            sections++;
            total += sizeof(struct tenure_section) + padded(all.table[i].bytes);
        }
    }
    char *image = calloc(1, total);
    must(image != NULL, "memory");
    struct tenure_header *header = (void *)image;
    memcpy(header->magic, TENURE_FORMAT_MAGIC, sizeof header->magic);
    header->version = TENURE_FORMAT_VERSION;
    header->byte_order = TENURE_FORMAT_BYTE_ORDER;
    header->section_count = sections;
    struct tenure_section *section = (void *)(header + 1);
    size_t at = sizeof *header + sections * sizeof *section;
    for (uint32_t i = 0; i < WRITER_SECTIONS; i++) {
        size_t used = all.table[i].bytes, size = record_bytes[i];
        if (used > 0) {
            sort_table(all.table[i].data, used, i);
            *section++ = (struct tenure_section){i, (uint32_t)size, at,
                                                 used / size, used};
            memcpy(image + at, all.table[i].data, used);
            at += padded(used);
        }
        free(all.table[i].data);
    }
    *bytes = total;
    writer_seal(image, total);
    must(tenure_format_check(image, total) == 0,
         tenure_format_error_text(tenure_format_check(image, total)));
    return image;
}

void writer_seal(void *image, size_t bytes)
{
    struct tenure_header *header = image;
    struct tenure_checksum sum;
    header->file_bytes = bytes;
    header->checksum = 0;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, image, bytes);
    header->checksum = tenure_checksum_end(&sum);
}

void writer_save(const struct writer *w, const char *path)
{
    size_t bytes;
    void *image = writer_image(w, &bytes);
    FILE *file = fopen(path, "wb");
    must(file && fwrite(image, 1, bytes, file) == bytes, path);
    must(fclose(file) == 0, path);
    free(image);
}
