/*
 * Splits the resident size of the process by /proc/self/{status,maps,
 * pagemap}, and finds the limit that it runs against.
 */
#include "agent/memory.h"

#include <fcntl.h>
#include <string.h>

#include "agent/heap.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/text.h"

#define CELL_SHIFT 16

void tenure__cells_add(struct tenure__cells *cells, uint64_t address)
{
    uint32_t cell = (uint32_t)(address >> CELL_SHIFT);
    if (cells->count > 0 && cells->cell[cells->count - 1] == cell)
        return;
    if (cells->count == cells->capacity) {
        size_t bytes = cells->capacity * sizeof *cells->cell;
        size_t more = bytes > 0 ? 2 * bytes : 4096;
        uint32_t *grown = tenure__heap_grow(cells->cell, bytes, more);
        if (grown == NULL)
            return; /* the split is coarser, nothing else */
        cells->cell = grown;
        cells->capacity = more / sizeof *grown;
    }
    cells->cell[cells->count++] = cell;
}

void tenure__cells_drop(struct tenure__cells *cells)
{
    tenure__heap_free(cells->cell);
    memset(cells, 0, sizeof *cells);
}

/* Ascending but for the second plane, which starts anew behind the first. */
static int holds_blocks(const struct tenure__cells *cells, uint64_t start,
                        uint64_t end)
{
    uint64_t from = start >> CELL_SHIFT, to = (end - 1) >> CELL_SHIFT;
    size_t low = 0, high = cells->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cells->cell[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cells->count && cells->cell[low] <= to;
}

static uint64_t agent_pages(int pagemap, uint64_t start, uint64_t end)
{
    struct tenure__range range;
    uint64_t pages = 0;
    for (uint32_t i = 0; tenure__os_mapped(i, &range); i++) {
        uint64_t from = range.start > start ? range.start : start;
        uint64_t to = range.end < end ? range.end : end;
        if (from < to)
            pages += tenure__resident_pages(pagemap, from, to);
    }
    return pages;
}

static void measure_map(const struct tenure__map *map, int pagemap,
                        const struct tenure__cells *cells,
                        struct tenure__memory *memory)
{
    uint64_t page_bytes = tenure__os_page_bytes();
    if (!map->writable || map->shared || map->inode != 0)
        return;
    int stack = strncmp(map->name, "[stack", 6) == 0;
    if (!stack && !holds_blocks(cells, map->start, map->end))
        return;
    uint64_t pages = tenure__resident_pages(pagemap, map->start, map->end);
    uint64_t own = agent_pages(pagemap, map->start, map->end);
    /* Counted one after the other, while pages come: never below zero. */
    pages = pages > own ? pages - own : 0;
    if (stack)
        memory->stack_bytes += pages * page_bytes;
    else
        memory->allocator_bytes += pages * page_bytes;
}

static void measure_maps(const struct tenure__cells *cells,
                         struct tenure__memory *memory)
{
    char buffer[8192];
    struct tenure__maps maps;
    struct tenure__map map;
    int pagemap = (int)tenure__syscall4(
        SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
    if (pagemap < 0)
        return;
    memory->agent_bytes =
        agent_pages(pagemap, 0, UINT64_MAX) * tenure__os_page_bytes();
    if (tenure__maps_open(&maps, buffer, sizeof buffer) == 0) {
        while (tenure__maps_next(&maps, &map))
            measure_map(&map, pagemap, cells, memory);
        tenure__maps_close(&maps);
    }
    tenure__syscall1(SYS_close, pagemap);
}

static uint64_t number_in(const char *path)
{
    char text[64];
    const char *at = text;
    uint64_t number;
    if (tenure__read_file(path, text, sizeof text) <= 0 ||
        !tenure__text_parse_number(&at, &number))
        return 0; /* no such file, or "max" */
    return number;
}

/* The limit of our cgroup: version 2 has the line "0::/path", version 1
 * "5:memory:/path". An unlimited one reads as "max" or near 2^63. */
static uint64_t cgroup_limit(void)
{
    char text[4096], path[4608];
    struct tenure__text name;
    if (tenure__read_file("/proc/self/cgroup", text, sizeof text) <= 0)
        return 0;
    const char *v1 = strstr(text, ":memory:");
    const char *v2 = strstr(text, "0::");
    const char *at = v1 != NULL ? v1 + 8 : v2 != NULL ? v2 + 3 : "";
    tenure__text_start(&name, path, sizeof path);
    tenure__text_add(&name,
                     v1 != NULL ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
    tenure__text_add_bytes(&name, at, strcspn(at, "\n"));
    tenure__text_add(&name,
                     v1 != NULL ? "/memory.limit_in_bytes" : "/memory.max");
    uint64_t limit = number_in(path);
    return limit < 1ull << 62 ? limit : 0;
}

static uint64_t machine_memory(void)
{
    char text[4096];
    tenure__read_file("/proc/meminfo", text, sizeof text);
    return tenure__field(text, "MemTotal") * 1024;
}

void tenure__memory_measure(const struct tenure__cells *cells,
                            struct tenure__memory *memory)
{
    char text[4096];
    memset(memory, 0, sizeof *memory);
    tenure__read_file("/proc/self/status", text, sizeof text);
    memory->rss_bytes = tenure__field(text, "VmRSS") * 1024;
    memory->file_bytes =
        (tenure__field(text, "RssFile") + tenure__field(text, "RssShmem")) *
        1024;
    memory->threads = tenure__field(text, "Threads");
    if (memory->threads > 1)
        memory->threads--;
    uint64_t cgroup = cgroup_limit(), machine = machine_memory();
    memory->limit_bytes = cgroup != 0 && cgroup < machine ? cgroup : machine;
    measure_maps(cells, memory);
}
