/*
 * The reading side of the on-disk contract: is this a snapshot, is it whole,
 * and where are its sections. Nothing is trusted before it was checked.
 */
#include "agent/format/format.h"

#include <stdbool.h>
#include <string.h>

#include "agent/format/objects.h"

static const struct tenure_section *find(const void *data, uint32_t type)
{
    const struct tenure_header *header = data;
    const struct tenure_section *at =
        (const void *)((const char *)data + sizeof *header);
    for (uint32_t i = 0; i < header->section_count; i++)
        if (at[i].type == type)
            return &at[i];
    return NULL;
}

const void *tenure_format_section(const void *data, uint32_t type,
                                  uint64_t *count)
{
    const struct tenure_section *section = find(data, type);
    *count = section ? section->count : 0;
    return section ? (const char *)data + section->offset : NULL;
}

static uint32_t record_bytes_of(uint32_t type)
{
    switch (type) {
#define X(name, number, type_)                                                 \
    case number:                                                               \
        return sizeof(type_);
        TENURE_SECTIONS(X)
#undef X
    default:
        return 0;
    }
}

static int check_header(const struct tenure_header *header, size_t bytes)
{
    if (bytes < sizeof header->magic)
        return TENURE_FORMAT_SHORT;
    if (memcmp(header->magic, TENURE_FORMAT_MAGIC, 8) != 0)
        return TENURE_FORMAT_FOREIGN;
    if (bytes < sizeof *header)
        return TENURE_FORMAT_TRUNCATED;
    if (header->byte_order == __builtin_bswap32(TENURE_FORMAT_BYTE_ORDER))
        return TENURE_FORMAT_ENDIAN;
    if (header->version > TENURE_FORMAT_VERSION)
        return TENURE_FORMAT_NEWER;
    if (bytes < header->file_bytes)
        return TENURE_FORMAT_TRUNCATED;
    return 0;
}

static int check_sum(const struct tenure_header *header, size_t bytes)
{
    struct tenure_header copy = *header;
    struct tenure_checksum sum;
    copy.checksum = 0;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, &copy, sizeof copy);
    tenure_checksum_add(&sum, header + 1, bytes - sizeof copy);
    return tenure_checksum_end(&sum) == header->checksum
               ? 0
               : TENURE_FORMAT_CHECKSUM;
}

static int check_section(const struct tenure_section *at, uint64_t first,
                         uint64_t file_bytes)
{
    uint32_t known = record_bytes_of(at->type);
    if (known != 0 && at->record_bytes != known)
        return TENURE_FORMAT_LAYOUT;
    if (at->record_bytes == 0 || at->offset % 8 != 0)
        return TENURE_FORMAT_LAYOUT;
    if (at->offset < first || at->offset > file_bytes)
        return TENURE_FORMAT_LAYOUT;
    if (at->bytes > file_bytes - at->offset)
        return TENURE_FORMAT_LAYOUT;
    if (at->count > at->bytes / at->record_bytes ||
        at->count * at->record_bytes != at->bytes)
        return TENURE_FORMAT_LAYOUT;
    return 0;
}

static int check_layout(const struct tenure_header *header)
{
    const struct tenure_section *table = (const void *)(header + 1);
    uint64_t first =
        sizeof *header + (uint64_t)header->section_count * sizeof *table;
    if (first > header->file_bytes)
        return TENURE_FORMAT_LAYOUT;
    for (uint32_t i = 0; i < header->section_count; i++) {
        int error = check_section(&table[i], first, header->file_bytes);
        if (error != 0)
            return error;
        for (uint32_t j = 0; j < i; j++)
            if (table[j].type == table[i].type)
                return TENURE_FORMAT_LAYOUT;
    }
    const struct tenure_section *process = find(header, TENURE_SECTION_PROCESS);
    return process && process->count == 1 ? 0 : TENURE_FORMAT_LAYOUT;
}

/* What the records of one file may point at. */
struct bounds {
    const char *strings;
    uint64_t string_bytes, module_count, node_count;
    const struct tenure_node *nodes;
    uint64_t newest; /* generation that a block can be born in */
};

static bool string_ok(const struct bounds *in, uint32_t at)
{
    return at < in->string_bytes;
}

static bool site_ok(const struct bounds *in, uint32_t site)
{
    uint64_t low = 0, high = in->node_count;
    /* Ids are mostly without gaps, and then this is where it stands. */
    if (high > 0 && site - in->nodes[0].id < high &&
        in->nodes[site - in->nodes[0].id].id == site)
        return true;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (in->nodes[middle].id < site)
            low = middle + 1;
        else
            high = middle;
    }
    return low < in->node_count && in->nodes[low].id == site;
}

static bool node_ok(const struct bounds *in, uint64_t i)
{
    const struct tenure_node *node = &in->nodes[i];
    if (node->id == 0 || (i > 0 && node->id <= node[-1].id))
        return false;
    switch (node->kind) {
    case TENURE_NODE_THREAD:
        return node->parent == 0 && node->pc < in->string_bytes;
    case TENURE_NODE_FRAME:
    case TENURE_NODE_EXACT:
        return node->parent < node->id && site_ok(in, node->parent) &&
               (node->module == TENURE_NONE || node->module < in->module_count);
    default:
        return false;
    }
}

static bool rows_ok(const struct bounds *in, const void *data, uint32_t type)
{
    uint64_t count;
    const struct tenure_row *row = tenure_format_section(data, type, &count);
    for (uint64_t i = 0; i < count; i++) {
        if (!site_ok(in, row[i].site) || row[i].generation > in->newest)
            return false;
        if (i > 0 && (row[i].site < row[i - 1].site ||
                      (row[i].site == row[i - 1].site &&
                       row[i].generation <= row[i - 1].generation)))
            return false;
    }
    return true;
}

static bool growth_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_growth *at =
        tenure_format_section(data, TENURE_SECTION_GROWTH, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) ||
            (at[i].grown_site != 0 && !site_ok(in, at[i].grown_site)) ||
            (i > 0 && at[i].record <= at[i - 1].record))
            return false;
    return true;
}

static bool spread_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_spread *at =
        tenure_format_section(data, TENURE_SECTION_SPREAD, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) || at[i].generation > in->newest ||
            !(at[i].blocks_variance >= 0) || !(at[i].bytes_variance >= 0))
            return false;
    return true;
}

static bool late_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_late *at =
        tenure_format_section(data, TENURE_SECTION_LATE, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) || (i > 0 && at[i].site <= at[i - 1].site))
            return false;
    return true;
}

static bool marks_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_mark *mark =
        tenure_format_section(data, TENURE_SECTION_MARKS, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, mark[i].site))
            return false;
    const struct tenure_retainer *retainer =
        tenure_format_section(data, TENURE_SECTION_RETAINERS, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, retainer[i].site) ||
            (!tenure_retainer_is_block(retainer[i].kind) &&
             retainer[i].module != TENURE_NONE &&
             retainer[i].module >= in->module_count) ||
            (tenure_retainer_has_site(&retainer[i]) &&
             !site_ok(in, retainer[i].what)))
            return false;
    return true;
}

/* Are they in order? */
static bool types_rise(const struct tenure_type *a, const struct tenure_type *b)
{
    if (a->site != b->site)
        return a->site < b->site;
    if (a->generation != b->generation)
        return a->generation < b->generation;
    return a->vtable < b->vtable;
}

static bool types_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_type *type =
        tenure_format_section(data, TENURE_SECTION_TYPES, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, type[i].site) ||
            (type[i].module != TENURE_NONE &&
             type[i].module >= in->module_count) ||
            (i > 0 && !types_rise(&type[i - 1], &type[i])))
            return false;
    return true;
}

static bool retained_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_retained *at =
        tenure_format_section(data, TENURE_SECTION_RETAINED, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) || (i > 0 && at[i].site <= at[i - 1].site))
            return false;
    return true;
}

static bool losses_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_loss *at =
        tenure_format_section(data, TENURE_SECTION_LOSSES, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) || !site_ok(in, at[i].leader) ||
            !(at[i].blocks_variance >= 0) || !(at[i].bytes_variance >= 0) ||
            (i > 0 && at[i].site <= at[i - 1].site))
            return false;
    return true;
}

static bool edges_ok(const struct bounds *in,
                     const struct tenure_objects_head *head, const void *data)
{
    struct tenure_edge_reader reader;
    struct tenure_edge edge;
    uint64_t bytes;
    int got;
    const void *section =
        tenure_format_section(data, TENURE_SECTION_EDGES, &bytes);
    if ((head->flags & TENURE_OBJECTS_MARKED) == 0)
        return head->roots == 0 && head->edges == 0 && bytes == 0;
    tenure_edges_read(&reader, head, section, bytes);
    while ((got = tenure_edge_next(&reader, &edge)) > 0)
        if (edge.root_kind == TENURE_RETAINER_GLOBAL &&
            edge.what != TENURE_NONE && edge.what >= in->module_count)
            return false;
    return got == 0;
}

static bool containers_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_container *at =
        tenure_format_section(data, TENURE_SECTION_CONTAINERS, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!site_ok(in, at[i].site) ||
            (at[i].kind == TENURE_RETAINER_BLOCK && !site_ok(in, at[i].what)) ||
            (at[i].module != TENURE_NONE && at[i].module >= in->module_count))
            return false;
    return true;
}

static bool objects_ok(const struct bounds *in, const void *data)
{
    struct tenure_object_reader reader;
    struct tenure_object object;
    uint64_t bytes, edge_bytes;
    int got;
    const struct tenure_objects_head *head =
        tenure_format_section(data, TENURE_SECTION_OBJECTS, &bytes);
    tenure_format_section(data, TENURE_SECTION_EDGES, &edge_bytes);
    if (head == NULL)
        return edge_bytes == 0;
    if (bytes < sizeof *head || head->blocks >= TENURE_NONE ||
        !string_ok(in, head->note))
        return false;
    tenure_objects_read(&reader, head, bytes);
    while ((got = tenure_object_next(&reader, &object)) > 0)
        if (!site_ok(in, object.site))
            return false;
    return got == 0 && edges_ok(in, head, data);
}

static bool process_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_process *p =
        tenure_format_section(data, TENURE_SECTION_PROCESS, &count);
    return string_ok(in, p->exe) && string_ok(in, p->host) &&
           string_ok(in, p->command) && string_ok(in, p->label) &&
           string_ok(in, p->allocator) && string_ok(in, p->options) &&
           string_ok(in, p->stop_method) && string_ok(in, p->tool);
}

static bool modules_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_module *module =
        tenure_format_section(data, TENURE_SECTION_MODULES, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!string_ok(in, module[i].path) ||
            !string_ok(in, module[i].build_id) ||
            module[i].start > module[i].end)
            return false;
    return true;
}

static bool unseen_modules_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_unseen_module *at =
        tenure_format_section(data, TENURE_SECTION_UNSEEN_MODULES, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!string_ok(in, at[i].path))
            return false;
    return true;
}

static bool threads_ok(const struct bounds *in, const void *data)
{
    uint64_t count;
    const struct tenure_thread *thread =
        tenure_format_section(data, TENURE_SECTION_THREADS, &count);
    for (uint64_t i = 0; i < count; i++)
        if (!string_ok(in, thread[i].name))
            return false;
    return true;
}

static int check_content(const void *data)
{
    struct bounds in = {0};
    uint64_t one;
    const struct tenure_process *process =
        tenure_format_section(data, TENURE_SECTION_PROCESS, &one);
    in.newest = (uint64_t)process->generation + 1;
    in.strings =
        tenure_format_section(data, TENURE_SECTION_STRINGS, &in.string_bytes);
    in.nodes =
        tenure_format_section(data, TENURE_SECTION_NODES, &in.node_count);
    tenure_format_section(data, TENURE_SECTION_MODULES, &in.module_count);
    if (in.string_bytes == 0 || in.strings[0] != 0 ||
        in.strings[in.string_bytes - 1] != 0)
        return TENURE_FORMAT_CONTENT;
    for (uint64_t i = 0; i < in.node_count; i++)
        if (!node_ok(&in, i))
            return TENURE_FORMAT_CONTENT;
    bool ok = process_ok(&in, data) && modules_ok(&in, data) &&
              unseen_modules_ok(&in, data) && threads_ok(&in, data) &&
              rows_ok(&in, data, TENURE_SECTION_ROWS) &&
              rows_ok(&in, data, TENURE_SECTION_MAPPINGS) &&
              growth_ok(&in, data) && spread_ok(&in, data) &&
              late_ok(&in, data) && marks_ok(&in, data) &&
              types_ok(&in, data) && retained_ok(&in, data) &&
              containers_ok(&in, data) && losses_ok(&in, data) &&
              objects_ok(&in, data);
    return ok ? 0 : TENURE_FORMAT_CONTENT;
}

int tenure_format_check(const void *data, size_t bytes)
{
    const struct tenure_header *header = data;
    int error = check_header(header, bytes);
    if (error == 0 && bytes != header->file_bytes)
        error = TENURE_FORMAT_LAYOUT;
    if (error == 0)
        error = check_sum(header, bytes);
    if (error == 0)
        error = check_layout(header);
    return error != 0 ? error : check_content(data);
}

const char *tenure_format_error_text(int error)
{
    switch (error) {
#define X(name, number, text)                                                  \
    case number:                                                               \
        return text;
        TENURE_FORMAT_ERRORS(X)
#undef X
    default:
        return "is not readable";
    }
}
