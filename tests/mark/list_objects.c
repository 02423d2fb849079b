/*
 * Prints what --objects has put into a snapshot, for tests.
 *
 *   list_objects SNAPSHOT
 *
 * Lines: `head BLOCKS ROOTS EDGES marked|unmarked NOTE`, `block ADDRESS BYTES
 * MARK FIRST_WORD PC GENERATION` (of who called malloc), `root KIND WHAT PLACE
 * ADDRESS HOW`, `edge ADDRESS OFFSET ADDRESS HOW`. Nothing: it has none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/format/objects.h"

static void *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*bytes);
    if (!data || fread(data, 1, *bytes, file) != *bytes)
        return NULL;
    fclose(file);
    return data;
}

static uint64_t pc_of(const void *data, uint32_t site)
{
    uint64_t count;
    const struct tenure_node *node =
        tenure_format_section(data, TENURE_SECTION_NODES, &count);
    for (uint64_t i = 0; i < count; i++)
        if (node[i].id == site)
            return node[i].pc;
    return 0;
}

static uint64_t *print_blocks(const void *data, const void *section,
                              uint64_t bytes)
{
    static const char *const marks[] = {
#define X(name, number, text) [number] = text,
        TENURE_OBJECT_MARKS(X)
#undef X
    };
    struct tenure_object_reader reader;
    struct tenure_object object;
    tenure_objects_read(&reader, section, bytes);
    uint64_t *address = calloc(reader.left + 1, sizeof *address), i = 0;
    while (address && tenure_object_next(&reader, &object) > 0) {
        address[i++] = object.address;
        printf("block %" PRIx64 " %" PRIu64 " %s %" PRIx64 " %" PRIx64 " %u\n",
               object.address, object.bytes, marks[object.mark], object.word,
               pc_of(data, object.site), object.generation);
    }
    return address;
}

static void print_edges(const struct tenure_objects_head *head,
                        const void *section, uint64_t bytes,
                        const uint64_t *address)
{
    static const char *const how[] = {"start", "tagged", "inside", "unaligned"};
    struct tenure_edge_reader reader;
    struct tenure_edge edge;
    tenure_edges_read(&reader, head, section, bytes);
    while (tenure_edge_next(&reader, &edge) > 0)
        if (edge.from == TENURE_NONE)
            printf("root %u %d %" PRIx64 " %" PRIx64 " %s\n", edge.root_kind,
                   (int)edge.what, edge.place, address[edge.to], how[edge.how]);
        else
            printf("edge %" PRIx64 " %" PRIu64 " %" PRIx64 " %s\n",
                   address[edge.from], edge.place, address[edge.to],
                   how[edge.how]);
}

int main(int count, char **words)
{
    size_t bytes;
    uint64_t section_bytes, edge_bytes, strings_bytes;
    void *data = count == 2 ? read_file(words[1], &bytes) : NULL;
    if (!data || tenure_format_check(data, bytes) != 0)
        return 2;
    const struct tenure_objects_head *head =
        tenure_format_section(data, TENURE_SECTION_OBJECTS, &section_bytes);
    const void *edges =
        tenure_format_section(data, TENURE_SECTION_EDGES, &edge_bytes);
    const char *strings =
        tenure_format_section(data, TENURE_SECTION_STRINGS, &strings_bytes);
    if (!head)
        return 0;
    printf("head %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n", head->blocks,
           head->roots, head->edges,
           head->flags & TENURE_OBJECTS_MARKED ? "marked" : "unmarked",
           strings + head->note);
    uint64_t *address = print_blocks(data, head, section_bytes);
    print_edges(head, edges, edge_bytes, address);
    free(address);
    free(data);
    return 0;
}
